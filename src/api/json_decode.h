/* From JSON to Lua. */
#ifndef JSON_DECODE_H
#define JSON_DECODE_H

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>

/* Makes the decoder known to a new state. */
void json_decode_open(lua_State *L);

/* Pushes the value of the text (which ends with a NUL that is not counted), or the reason why it has none. */
bool json_decode(lua_State *L, const char *text, size_t length);

#endif
