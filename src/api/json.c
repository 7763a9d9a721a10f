/* host.json: decode, encode, null, and which tables are arrays. */
#include "api.h"
#include "json_decode.h"
#include "json_encode.h"
#include "json_kind.h"

/* decode(text) -> value | nil, why */
static int decode(lua_State *L)
{
    size_t length;
    const char *text = luaL_checklstring(L, 1, &length);

    lua_settop(L, 1);
    if (json_decode(L, text, length))
        return 1;
    lua_pushnil(L);
    lua_insert(L, -2);
    return 2;
}

/* encode(value) -> text; raises when the value has no JSON form */
static int encode(lua_State *L)
{
    luaL_checkany(L, 1);
    json_encode(L, 1);
    return 1;
}

/* array(t) -> t, marked; array() -> a new one */
static int array(lua_State *L)
{
    if (lua_isnoneornil(L, 1)) {
        lua_settop(L, 0);
        lua_newtable(L);
    }
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    json_mark_array(L, 1);
    return 1;
}

/* is_array(value) -> whether it is a table marked as an array */
static int is_array(lua_State *L)
{
    luaL_checkany(L, 1);
    lua_pushboolean(L, json_is_array(L, 1));
    return 1;
}

int api_open_json(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"array", array}, {"decode", decode}, {"encode", encode}, {"is_array", is_array}, {NULL, NULL},
    };

    json_kind_open(L);
    json_decode_open(L);
    luaL_newlib(L, functions);
    json_push_null(L);
    lua_setfield(L, -2, "null");
    return 1;
}
