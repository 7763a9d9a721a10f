/* The list of the host table's fields. */
#include "api.h"

#define TYPE_BUF "host.buf"

static const luaL_Reg fields[] = {
    {"bytes", api_open_bytes},     {"clock", api_open_clock}, {"cloudstack", api_open_cloudstack},
    {"console", api_open_console}, {"files", api_open_files}, {"http", api_open_http},
    {"json", api_open_json},       {"log", api_open_log},     {"policy", api_open_policy},
    {"process", api_open_process}, {"store", api_open_store}, {"throttle", api_open_throttle},
    {NULL, NULL},
};

void api_push(lua_State *L)
{
    lua_newtable(L);
    for (const luaL_Reg *field = fields; field->name; field++) {
        lua_pushcfunction(L, field->func);
        lua_call(L, 0, 1);
        lua_setfield(L, -2, field->name);
    }
}

int api_refuse(lua_State *L, const struct fault *fault)
{
    lua_pushnil(L);
    lua_pushstring(L, fault->text);
    return 2;
}

static int free_buf(lua_State *L)
{
    buf_wipe(luaL_checkudata(L, 1, TYPE_BUF));
    return 0;
}

struct buf *api_push_buf(lua_State *L)
{
    struct buf *buf = lua_newuserdatauv(L, sizeof *buf, 0);

    *buf = buf_new(0);
    if (luaL_newmetatable(L, TYPE_BUF)) {
        lua_pushcfunction(L, free_buf);
        lua_setfield(L, -2, "__gc");
    }
    lua_setmetatable(L, -2);
    return buf;
}
