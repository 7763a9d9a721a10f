/* host.log: one line on stderr each, without secrets. */
#include "api.h"

#include "../base/log.h"

#include <lualib.h>

/*
 * Leaves the text at index 1. With values behind it, it is a format; one that does not fit its values is logged
 * as it stands, because a bad log line must not fail the request.
 */
static void format(lua_State *L)
{
    luaL_tolstring(L, 1, NULL);
    lua_replace(L, 1);
    int values = lua_gettop(L) - 1;
    if (values == 0)
        return;
    lua_pushvalue(L, lua_upvalueindex(1)); /* string.format */
    lua_pushvalue(L, 1);
    lua_rotate(L, 2, 2);
    if (lua_pcall(L, values + 1, 1, 0) == LUA_OK)
        lua_replace(L, 1);
    lua_settop(L, 1);
}

static int write_line(lua_State *L, enum log_level level)
{
    size_t length;

    luaL_checkany(L, 1);
    if (!log_wanted(level))
        return 0;
    format(L);
    const char *text = lua_tolstring(L, 1, &length);
    log_write(level, text, length);
    return 0;
}

static int debug(lua_State *L) { return write_line(L, LOG_DEBUG); }
static int info_line(lua_State *L) { return write_line(L, LOG_INFO); }
static int warn(lua_State *L) { return write_line(L, LOG_WARN); }
static int error(lua_State *L) { return write_line(L, LOG_ERROR); }

/* level(name): "debug", "info", "warn" or "error" */
static int set_level(lua_State *L)
{
    enum log_level level;
    const char *name = luaL_checkstring(L, 1);

    if (!log_level_named(name, &level))
        return luaL_error(L, "'%s' is not a log level (debug, info, warn, error)", name);
    log_threshold(level);
    return 0;
}

/* format(name): "text" or "json" */
static int set_format(lua_State *L)
{
    static const char *const names[] = {"text", "json", NULL};

    log_as_json(luaL_checkoption(L, 1, NULL, names) == 1);
    return 0;
}

/* status(text?) -> whether there is a status line; without a text it ends */
static int status(lua_State *L)
{
    size_t length = 0;
    const char *text = luaL_optlstring(L, 1, NULL, &length);

    lua_pushboolean(L, log_status(text, length));
    return 1;
}

/* secret(value) -> whether it is masked wherever it stands from now on; a short or plain one is only where no ordinary
 * word can be */
static int add_secret(lua_State *L)
{
    size_t length;
    const char *bytes = luaL_checklstring(L, 1, &length);

    if (!log_secret(bytes, length))
        return luaL_error(L, "not enough memory");
    lua_pushboolean(L, log_secret_is_strong(bytes, length));
    return 1;
}

/* mask(text) -> text */
static int mask(lua_State *L)
{
    size_t length;
    const char *text = luaL_checklstring(L, 1, &length);

    text = log_mask(text, length, &length);
    lua_pushlstring(L, text, length);
    return 1;
}

/* context(request_id, verb) */
static int set_context(lua_State *L)
{
    log_context(luaL_optstring(L, 1, NULL), luaL_optstring(L, 2, NULL));
    return 0;
}

int api_open_log(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"context", set_context}, {"debug", debug}, {"error", error},       {"format", set_format}, {"info", info_line},
        {"level", set_level},     {"mask", mask},   {"secret", add_secret}, {"status", status},     {"warn", warn},
        {NULL, NULL},
    };

    luaL_newlibtable(L, functions);
    lua_getglobal(L, LUA_STRLIBNAME);
    lua_getfield(L, -1, "format");
    lua_remove(L, -2);
    luaL_setfuncs(L, functions, 1);
    return 1;
}
