/* The Lua state that our scripts live in: its libraries, its one path, strict globals and the host table. */
#include "host.h"

#include "api/api.h"
#include "base/http.h"
#include "base/interruption.h"
#include "base/liveness.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/readonly.h"
#include "base/secret.h"
#include "base/store.h"
#include "base/throttle.h"
#include "config.h"
#include "cpi_config.h"

#include <lauxlib.h>
#include <limits.h>
#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef __APPLE__
#include <mach-o/dyld.h>
#endif

static const char host_key; /* its address is the host table's key in the registry */

/* What our own scripts see. No io, no os, no debug: the world is host.*. */
static const luaL_Reg libraries[] = {
    {LUA_GNAME, luaopen_base},         {LUA_LOADLIBNAME, luaopen_package}, {LUA_TABLIBNAME, luaopen_table},
    {LUA_STRLIBNAME, luaopen_string},  {LUA_MATHLIBNAME, luaopen_math},    {LUA_UTF8LIBNAME, luaopen_utf8},
    {LUA_COLIBNAME, luaopen_coroutine}, {NULL, NULL},
};

/* Functions that read files, write stdout, or make or load machine or byte code. */
static const char *const withdrawn[][2] = {
    {LUA_GNAME, "dofile"},       {LUA_GNAME, "loadfile"}, {LUA_GNAME, "load"}, {LUA_GNAME, "print"},
    {LUA_LOADLIBNAME, "loadlib"}, {LUA_STRLIBNAME, "dump"},
};

/* ---- finding our scripts ---------------------------------------------------------------------------------------- */

static bool find_executable(char *path, size_t size)
{
#ifdef __APPLE__
    char raw[PATH_MAX];
    uint32_t length = sizeof raw;
    return size >= PATH_MAX && _NSGetExecutablePath(raw, &length) == 0 && realpath(raw, path);
#else
    ssize_t length = readlink("/proc/self/exe", path, size - 1);
    if (length > 0)
        path[length] = '\0';
    return length > 0;
#endif
}

const char *host_find_lua_dir(void)
{
    static const char *const places[] = {"/../lua", "/../../lua", "/../share/cloudstack_cpi/lua"};
    static char found[PATH_MAX];
    char executable[PATH_MAX], path[PATH_MAX + 64];

    if (!find_executable(executable, sizeof executable))
        return NULL;
    *strrchr(executable, '/') = '\0';
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        snprintf(path, sizeof path, "%s%s/cpi.lua", executable, places[i]);
        if (access(path, R_OK) != 0)
            continue;
        *strrchr(path, '/') = '\0';
        return realpath(path, found);
    }
    return NULL;
}

/* ---- the state -------------------------------------------------------------------------------------------------- */

static int unknown_global(lua_State *L)
{
    return luaL_error(L, "undefined variable '%s'", luaL_tolstring(L, 2, NULL));
}

static int fixed_global(lua_State *L)
{
    return luaL_error(L, "assignment to undeclared variable '%s'", luaL_tolstring(L, 2, NULL));
}

static void lock_globals(lua_State *L)
{
    lua_pushglobaltable(L);
    lua_createtable(L, 0, 2);
    lua_pushcfunction(L, unknown_global);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, fixed_global);
    lua_setfield(L, -2, "__newindex");
    lua_setmetatable(L, -2);
    lua_pop(L, 1);
}

static void open_libraries(lua_State *L)
{
    lua_pushboolean(L, 1);
    lua_setfield(L, LUA_REGISTRYINDEX, "LUA_NOENV");
    for (const luaL_Reg *library = libraries; library->name; library++) {
        luaL_requiref(L, library->name, library->func, 1);
        lua_pop(L, 1);
    }
    for (size_t i = 0; i < sizeof withdrawn / sizeof *withdrawn; i++) {
        lua_getglobal(L, withdrawn[i][0]);
        lua_pushnil(L);
        lua_setfield(L, -2, withdrawn[i][1]);
        lua_pop(L, 1);
    }
}

static void set_path(lua_State *L, const char *lua_dir)
{
    if (strpbrk(lua_dir, ";?"))
        luaL_error(L, "%s: a directory of scripts cannot have ';' or '?' in its name", lua_dir);
    lua_getglobal(L, LUA_LOADLIBNAME);
    lua_pushfstring(L, "%s/?.lua", lua_dir);
    lua_setfield(L, -2, "path");
    lua_pushliteral(L, "");
    lua_setfield(L, -2, "cpath");
    lua_pop(L, 1);
}

/* host.environment(name) -> the variable's value, or nil */
static int environment(lua_State *L)
{
    lua_pushstring(L, getenv(luaL_checkstring(L, 1)));
    return 1;
}

/* host.attempt(f, ...) -> true and f's results | false and the error. Unlike pcall's, a bug's traceback is on stderr. */
static int attempt(lua_State *L)
{
    luaL_checkany(L, 1);
    bool ok = host_call(L, lua_gettop(L) - 1, LUA_MULTRET) == LUA_OK;
    lua_pushboolean(L, ok);
    lua_insert(L, 1);
    return lua_gettop(L);
}

/* host.read_only(): from now on every request and write that changes something is refused; this cannot be undone */
static int read_only(lua_State *L)
{
    (void)L;
    readonly_begin();
    return 0;
}

/* host.interruption() -> why the work should end early, in words, or nil */
static int interruption(lua_State *L)
{
    lua_pushstring(L, interruption_reason());
    return 1;
}

static void make_host_table(lua_State *L, const char *lua_dir)
{
    api_push(L);
    config_open(L);
    cpi_config_add(L);
    lua_setfield(L, -2, "config");
    lua_pushcfunction(L, attempt);
    lua_setfield(L, -2, "attempt");
    lua_pushcfunction(L, environment);
    lua_setfield(L, -2, "environment");
    lua_pushcfunction(L, interruption);
    lua_setfield(L, -2, "interruption");
    lua_pushcfunction(L, read_only);
    lua_setfield(L, -2, "read_only");
    lua_pushliteral(L, VERSION);
    lua_setfield(L, -2, "version");
    lua_pushstring(L, lua_dir);
    lua_setfield(L, -2, "lua_dir");
    lua_rawsetp(L, LUA_REGISTRYINDEX, &host_key);
}

static int open_host(lua_State *L)
{
    const struct host_options *options = lua_touserdata(L, 1);
    const char *lua_dir = options && options->lua_dir ? options->lua_dir : host_find_lua_dir();

    if (!lua_dir)
        return luaL_error(L, "there is no directory of scripts (lua/cpi.lua) beside the executable");
    open_libraries(L);
    set_path(L, lua_dir);
    make_host_table(L, lua_dir);
    lock_globals(L);
    return 0;
}

/* For an error outside of a protected call, which happens only without memory. Lua would end the process without a message. */
static int ends_here(lua_State *L)
{
    log_line(LOG_ERROR, "%s", lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "an error that nothing catches");
    exit(EXIT_FAILURE);
}

lua_State *host_new(const struct host_options *options)
{
    struct memory *memory = calloc(1, sizeof *memory);
    lua_State *L = memory ? lua_newstate(memory_allocate, memory) : NULL;

    if (!L) {
        free(memory);
        log_line(LOG_ERROR, "not enough memory for the scripts");
        return NULL;
    }
    lua_atpanic(L, ends_here);
    lua_pushcfunction(L, open_host);
    lua_pushlightuserdata(L, (void *)options);
    if (lua_pcall(L, 1, 0, 0) == LUA_OK)
        return L;
    log_line(LOG_ERROR, "%s", lua_tostring(L, -1));
    host_close(L);
    return NULL;
}

void host_close(lua_State *L)
{
    void *memory = NULL;

    if (!L)
        return;
    lua_getallocf(L, &memory);
    lua_close(L);
    free(memory);
    http_close();
    store_close();
    throttle_close();
    liveness_close();
    secret_forget();
    log_forget();
    readonly_end();
}

void host_push(lua_State *L)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &host_key);
}

/* ---- calls ------------------------------------------------------------------------------------------------------- */

/* Whether the error was raised on purpose: it is a table with a type. */
static bool is_typed(lua_State *L, int index)
{
    if (!lua_istable(L, index))
        return false;
    lua_pushliteral(L, "type");
    lua_rawget(L, index);
    bool typed = lua_type(L, -1) == LUA_TSTRING;
    lua_pop(L, 1);
    return typed;
}

/* A bug's message becomes a traceback on stderr; the error itself passes through. */
static int trace(lua_State *L)
{
    size_t length;

    lua_settop(L, 1);
    if (is_typed(L, 1))
        return 1;
    const char *message = lua_tostring(L, 1);
    if (!message)
        message = lua_pushfstring(L, "(the error is a %s)", luaL_typename(L, 1));
    luaL_traceback(L, L, message, 1);
    const char *text = lua_tolstring(L, -1, &length);
    log_lines(LOG_ERROR, text, length);
    lua_settop(L, 1);
    return 1;
}

int host_call(lua_State *L, int nargs, int nresults)
{
    int base = lua_gettop(L) - nargs;

    lua_pushcfunction(L, trace);
    lua_insert(L, base);
    int status = lua_pcall(L, nargs, nresults, base);
    lua_remove(L, base);
    return status;
}
