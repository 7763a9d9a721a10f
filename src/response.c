/* The line that is a response. Whatever was raised, there is a line for it: clean UTF-8, without secrets. */
#include "response.h"

#include "api/json_encode.h"
#include "api/json_kind.h"
#include "base/log.h"
#include "base/utf8.h"

#include <lauxlib.h>

#define LONGEST_MESSAGE 16384

/* Pushes the line with the two values on the top: error below, result above. */
static void push_line(lua_State *L)
{
    lua_createtable(L, 0, 3);
    lua_insert(L, -3);
    if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        json_push_null(L);
    }
    lua_setfield(L, -3, "result");
    lua_setfield(L, -2, "error");
    lua_pushliteral(L, "");
    lua_setfield(L, -2, "log");
    json_encode(L, -1);
    lua_pushliteral(L, "\n");
    lua_concat(L, 2);
    lua_remove(L, -2);
}

void response_make(lua_State *L)
{
    json_push_null(L);
    lua_insert(L, -2);
    push_line(L);
}

/* Pushes the text with every byte replaced that is not UTF-8, and cut where it is too long to be read. */
static void push_clean(lua_State *L, const char *text, size_t length)
{
    luaL_Buffer buffer;
    bool cut = length > LONGEST_MESSAGE;

    luaL_buffinit(L, &buffer);
    length = cut ? LONGEST_MESSAGE : length;
    for (size_t at = 0; at < length;) {
        size_t good = utf8_valid_length(text + at, length - at);
        luaL_addlstring(&buffer, text + at, good);
        at += good;
        if (at == length)
            break;
        if (!cut || length - at >= 4)
            luaL_addchar(&buffer, '?');
        at++;
    }
    if (cut)
        luaL_addstring(&buffer, "...");
    luaL_pushresult(&buffer);
}

static void push_masked(lua_State *L, const char *text, size_t length)
{
    const char *masked = log_mask(text, length, &length);

    /* The mask's buffer is the log's, and nothing is logged before the text has been copied. */
    push_clean(L, masked, length);
}

/* Sets the message in the table on the top: the value at `index` in words. */
static void set_message(lua_State *L, int index)
{
    size_t length;
    int top = lua_gettop(L);

    if (lua_isstring(L, index) || luaL_getmetafield(L, index, "__tostring") != LUA_TNIL)
        luaL_tolstring(L, index, NULL);
    else
        lua_pushfstring(L, "(the error is a %s)", luaL_typename(L, index));
    const char *text = lua_tolstring(L, -1, &length);
    push_masked(L, text, length);
    lua_setfield(L, top, "message");
    lua_settop(L, top);
}

/* error value -> response line */
static int make_error_line(lua_State *L)
{
    lua_settop(L, 1);
    lua_createtable(L, 0, 3);
    lua_pushboolean(L, 0);
    lua_setfield(L, 2, "ok_to_retry");
    lua_pushliteral(L, CPI_ERROR);
    lua_setfield(L, 2, "type");
    if (lua_istable(L, 1) && lua_getfield(L, 1, "type") == LUA_TSTRING) {
        lua_setfield(L, 2, "type");
        lua_getfield(L, 1, "ok_to_retry");
        lua_pushboolean(L, lua_toboolean(L, -1));
        lua_setfield(L, 2, "ok_to_retry");
        lua_getfield(L, 1, "message");
        lua_replace(L, 1);
        lua_settop(L, 2);
    }
    lua_settop(L, 2);
    set_message(L, 1);
    lua_pushnil(L);
    push_line(L);
    return 1;
}

void response_make_error(lua_State *L)
{
    int status = LUA_ERRRUN;

    /* The second time round it is the line of what the first one broke on: the error value itself is broken. */
    for (int i = 0; i < 2 && status != LUA_OK && status != LUA_ERRMEM; i++) {
        lua_pushcfunction(L, make_error_line);
        lua_insert(L, -2);
        status = lua_pcall(L, 1, 1, 0);
    }
    if (status != LUA_OK) {
        lua_pop(L, 1);
        lua_pushnil(L);
    }
}
