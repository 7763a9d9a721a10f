/* JSON for those parts of the host that are written in C. */
#ifndef JSON_H
#define JSON_H

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>

/* Pushes the value of the text (which ends with a NUL that is not counted), or the reason why it has none. */
bool json_decode(lua_State *L, const char *text, size_t length);

/* Pushes the text of the value at the index; raises when it has no JSON form. */
void json_encode(lua_State *L, int index);

/* Pushes the sentinel for null. */
void json_push_null(lua_State *L);

/* Whether the table at the index is marked as an array. */
bool json_is_array(lua_State *L, int index);

#endif
