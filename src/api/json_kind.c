/* Null, and the mark of arrays: a metatable that they share. */
#include "json_kind.h"

#include <lauxlib.h>

static const char array_mark; /* its address is the key in the registry */

static int null_text(lua_State *L)
{
    lua_pushliteral(L, "null");
    return 1;
}

void json_kind_open(lua_State *L)
{
    json_push_null(L);
    lua_createtable(L, 0, 2);
    lua_pushcfunction(L, null_text);
    lua_setfield(L, -2, "__tostring");
    lua_pushliteral(L, "json.null");
    lua_setfield(L, -2, "__name");
    lua_setmetatable(L, -2); /* of every light userdata: scripts see no other */
    lua_pop(L, 1);
    lua_createtable(L, 0, 1);
    lua_pushliteral(L, "json.array");
    lua_setfield(L, -2, "__name");
    lua_rawsetp(L, LUA_REGISTRYINDEX, &array_mark);
}

void json_push_null(lua_State *L)
{
    lua_pushlightuserdata(L, NULL);
}

bool json_is_null(lua_State *L, int index)
{
    return lua_islightuserdata(L, index) && !lua_touserdata(L, index);
}

void json_mark_array(lua_State *L, int index)
{
    index = lua_absindex(L, index);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &array_mark);
    lua_setmetatable(L, index);
}

bool json_is_array(lua_State *L, int index)
{
    if (!lua_istable(L, index) || !lua_getmetatable(L, index))
        return false;
    lua_rawgetp(L, LUA_REGISTRYINDEX, &array_mark);
    bool same = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    return same;
}

const char *json_kind(lua_State *L, int index)
{
    switch (lua_type(L, index)) {
    case LUA_TNIL:
        return "nothing";
    case LUA_TBOOLEAN:
        return "Boolean";
    case LUA_TNUMBER:
        return "Number";
    case LUA_TSTRING:
        return "String";
    case LUA_TTABLE:
        return json_is_array(L, index) ? "Array" : "Object";
    default:
        return json_is_null(L, index) ? "Null" : luaL_typename(L, index);
    }
}
