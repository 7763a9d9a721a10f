/* The list of the host table's fields, and what several of them push. */
#include "api.h"

#include <string.h>

#define TYPE_BUF "host.buf"

static const luaL_Reg fields[] = {
    {"bytes", api_open_bytes},     {"clock", api_open_clock}, {"cloudstack", api_open_cloudstack},
    {"console", api_open_console}, {"files", api_open_files}, {"http", api_open_http},
    {"images", api_open_images},   {"json", api_open_json},   {"log", api_open_log},
    {"policy", api_open_policy},   {"process", api_open_process}, {"store", api_open_store},
    {"throttle", api_open_throttle}, {NULL, NULL},
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

int api_done(lua_State *L, bool ok, const struct fault *fault)
{
    if (!ok)
        return api_refuse(L, fault);
    lua_pushboolean(L, 1);
    return 1;
}

void api_push_reply(lua_State *L, const struct http_reply *reply)
{
    lua_createtable(L, 0, 6);
    lua_pushnumber(L, reply->seconds);
    lua_setfield(L, -2, "seconds");
    if (reply->fault) {
        lua_pushstring(L, reply->fault);
        lua_setfield(L, -2, "fault");
        lua_pushstring(L, reply->text);
        lua_setfield(L, -2, "text");
        lua_pushboolean(L, reply->sent);
        lua_setfield(L, -2, "sent");
        return;
    }
    lua_pushinteger(L, reply->status);
    lua_setfield(L, -2, "status");
    lua_pushlstring(L, buf_string(&reply->body), reply->body.length);
    lua_setfield(L, -2, "body");
    lua_pushstring(L, reply->type);
    lua_setfield(L, -2, "type");
    lua_pushstring(L, reply->date);
    lua_setfield(L, -2, "date");
    lua_pushstring(L, reply->location);
    lua_setfield(L, -2, "location");
}

static int free_buf(lua_State *L)
{
    buf_wipe(luaL_checkudata(L, 1, TYPE_BUF));
    return 0;
}

void *api_push_owner(lua_State *L, size_t size, const char *type, lua_CFunction free)
{
    void *owner = lua_newuserdatauv(L, size, 0);

    memset(owner, 0, size);
    if (luaL_newmetatable(L, type)) {
        lua_pushcfunction(L, free);
        lua_setfield(L, -2, "__gc");
    }
    lua_setmetatable(L, -2);
    return owner;
}

struct buf *api_push_buf(lua_State *L)
{
    struct buf *buf = api_push_owner(L, sizeof *buf, TYPE_BUF, free_buf);

    *buf = buf_new(0);
    return buf;
}
