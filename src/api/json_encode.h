/* From Lua to JSON. */
#ifndef JSON_ENCODE_H
#define JSON_ENCODE_H

#include <lua.h>

/* Pushes the text of the value at the index, with sorted keys; raises when it has no JSON form. */
void json_encode(lua_State *L, int index);

#endif
