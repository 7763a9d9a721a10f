/* The kinds of JSON's values that Lua has no type for: null, and arrays. */
#ifndef JSON_KIND_H
#define JSON_KIND_H

#include <lua.h>
#include <stdbool.h>

/* Makes null and the mark of arrays known to a new state. */
void json_kind_open(lua_State *L);

/* Pushes null: a light userdata without an address, as cjson has it. */
void json_push_null(lua_State *L);

bool json_is_null(lua_State *L, int index);

/* Marks the table at the index as an array. */
void json_mark_array(lua_State *L, int index);

/* Whether the value at the index is a table that is marked as an array. */
bool json_is_array(lua_State *L, int index);

/* The kind of the value at the index, in JSON's words: "Object", "Array", "Null" and so on; "nothing" for nil. */
const char *json_kind(lua_State *L, int index);

#endif
