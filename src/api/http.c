/* host.http: sends a file from disk to a server. */
#include "api.h"

#include "../base/http_upload.h"
#include "../base/readonly.h"

#include <string.h>

#define TYPE_REPLY "host.http.reply"

static int free_reply(lua_State *L)
{
    struct http_reply *reply = luaL_checkudata(L, 1, TYPE_REPLY);

    buf_free(&reply->body);
    return 0;
}

/* The pairs of the table of strings at the index, or none when it is nil; they live on the stack. */
static struct http_pair *push_pairs(lua_State *L, int index, const char *what, size_t *count)
{
    *count = 0;
    index = lua_absindex(L, index);
    if (lua_isnil(L, index)) {
        lua_pushnil(L);
        return NULL;
    }
    if (!lua_istable(L, index))
        luaL_error(L, "%s must be a table, not a %s", what, luaL_typename(L, index));
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != LUA_TSTRING)
            luaL_error(L, "%s must have strings as names and values", what);
        if (strpbrk(lua_tostring(L, -2), "\r\n:") || strpbrk(lua_tostring(L, -1), "\r\n"))
            luaL_error(L, "%s: '%s' has a line break in it", what, lua_tostring(L, -2));
        ++*count;
    }
    struct http_pair *pairs = lua_newuserdatauv(L, *count * sizeof *pairs + 1, 0);
    size_t i = 0;
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1), i++) {
        pairs[i].name = lua_tostring(L, -2);
        pairs[i].value = lua_tostring(L, -1);
    }
    return pairs;
}

static const char *form_text(lua_State *L, const char *name, const char *otherwise)
{
    int type = lua_getfield(L, 4, name);

    if (type == LUA_TNIL)
        return otherwise;
    if (type != LUA_TSTRING)
        luaL_error(L, "form.%s must be a string, not a %s", name, lua_typename(L, type));
    return lua_tostring(L, -1);
}

/* upload(url, file, headers, form) -> the reply, as api_push_reply says
 * form: { name="file", filename="x.vhd.bz2", type="application/x-bzip", fields={ k=v }?, member="root.img"? }
 * member: the file is a gzipped tar, and this member of it is sent */
static int upload_file(lua_State *L)
{
    struct fault fault;
    struct http_upload upload = {.url = luaL_checkstring(L, 1), .file = luaL_checkstring(L, 2)};

    if (readonly_is_on())
        return luaL_error(L, "nothing is uploaded: only reads are allowed here");
    lua_settop(L, 4);
    if (lua_isnil(L, 4)) {
        lua_newtable(L);
        lua_replace(L, 4);
    }
    luaL_checktype(L, 4, LUA_TTABLE);
    const char *slash = strrchr(upload.file, '/');
    upload.name = form_text(L, "name", "file");
    upload.filename = form_text(L, "filename", slash ? slash + 1 : upload.file);
    upload.member = form_text(L, "member", NULL);
    upload.type = form_text(L, "type", "application/octet-stream");
    upload.headers = push_pairs(L, 3, "headers", &upload.header_count);
    lua_getfield(L, 4, "fields");
    upload.fields = push_pairs(L, -1, "form.fields", &upload.field_count);
    struct http_reply *reply = api_push_owner(L, sizeof *reply, TYPE_REPLY, free_reply);
    bool ok = http_upload(&upload, &fault);
    *reply = upload.reply;
    if (!ok)
        return luaL_error(L, "%s", fault.text);
    api_push_reply(L, reply);
    lua_pushboolean(L, reply->complete);
    lua_setfield(L, -2, "complete");
    return 1;
}

int api_open_http(lua_State *L)
{
    static const luaL_Reg functions[] = {{"upload", upload_file}, {NULL, NULL}};

    luaL_newlib(L, functions);
    return 1;
}
