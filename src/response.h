/* The line that is a response: { error, log, result }. */
#ifndef RESPONSE_H
#define RESPONSE_H

#include <lua.h>

#define CPI_ERROR "Bosh::Clouds::CpiError"

/* A whole line with the message in it, for when nothing can be made any more; the message needs no escapes. */
#define RESPONSE_HEAD "{\"error\":{\"message\":\""
#define RESPONSE_TAIL "\",\"ok_to_retry\":false,\"type\":\"" CPI_ERROR "\"},\"log\":\"\",\"result\":null}\n"
#define RESPONSE_LINE(message) RESPONSE_HEAD message RESPONSE_TAIL

/* Replaces the result on the top by its line; nil becomes null. Raises what has no JSON form. */
void response_make(lua_State *L);

/* Replaces the error value on the top by its line, or by nil when there is no memory for one. */
void response_make_error(lua_State *L);

#endif
