/* A command: its script, the host table that it gets, its exit code, what it raises. */
#include "command.h"

#include "api/api.h"
#include "base/buf.h"
#include "base/console.h"
#include "base/interruption.h"
#include "base/log.h"
#include "base/printable.h"
#include "host.h"
#include "request.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

/* Whether the name is that of a script, and not a path. */
static bool is_command(lua_State *L, const char *name)
{
    if (!*name || name[strspn(name, "abcdefghijklmnopqrstuvwxyz_")])
        return false;
    lua_getglobal(L, "package");
    lua_getfield(L, -1, "searchpath");
    lua_pushfstring(L, "commands.%s", name);
    lua_getfield(L, -3, "path");
    lua_call(L, 2, 1);
    return lua_isstring(L, -1);
}

/* compile(text, name, globals) -> function | nil, why: for the prompt, which has globals of its own */
static int compile(lua_State *L)
{
    size_t length;
    const char *text = luaL_checklstring(L, 1, &length), *name = luaL_checkstring(L, 2);

    luaL_checktype(L, 3, LUA_TTABLE);
    if (luaL_loadbufferx(L, text, length, name, "t") != LUA_OK) {
        lua_pushnil(L);
        lua_insert(L, -2);
        return 2;
    }
    lua_pushvalue(L, 3);
    lua_setupvalue(L, -2, 1);
    return 1;
}

/* catch_signals(): from now on host.interruption() reports the first signal; for a command that does a verb's work */
static int catch_signals(lua_State *L)
{
    (void)L;
    interruption_catch();
    return 0;
}

/* The host table with what only commands need: no verb can reach it. */
static void push_host(lua_State *L)
{
    host_push(L);
    lua_pushcfunction(L, request_read);
    lua_setfield(L, -2, "request");
    lua_pushcfunction(L, compile);
    lua_setfield(L, -2, "compile");
    lua_pushcfunction(L, catch_signals);
    lua_setfield(L, -2, "catch_signals");
    api_open_workshop(L);
    lua_setfield(L, -2, "workshop");
}

/* The exit code for what the command returned, which is on the top: a whole number, or whether it succeeded. */
static lua_Integer exit_code(lua_State *L)
{
    int is_integer;
    lua_Integer code = lua_tointegerx(L, -1, &is_integer);

    if (is_integer)
        return code & 0xff;
    return lua_isnil(L, -1) || lua_toboolean(L, -1) ? EXIT_SUCCESS : EXIT_FAILURE;
}

struct words {
    char **list;
    int count;
};

/* words -> exit code. `help` gets a name that is not a command, and refuses it. */
static int call_command(lua_State *L)
{
    const struct words *words = lua_touserdata(L, 1);
    bool known = is_command(L, words->list[0]);
    int first = known ? 1 : 0, end = known ? words->count : 1;

    lua_getglobal(L, "require");
    lua_pushfstring(L, "commands.%s", known ? words->list[0] : "help");
    lua_call(L, 1, 1);
    push_host(L);
    lua_createtable(L, end - first, 0);
    for (int i = first; i < end; i++) {
        lua_pushstring(L, words->list[i]);
        lua_rawseti(L, -2, i - first + 1);
    }
    lua_call(L, 2, 1);
    lua_pushinteger(L, exit_code(L));
    return 1;
}

/* Writes the message to stderr as one line: masked, and without what a terminal would obey. */
static void print_message(const char *message, size_t length)
{
    struct buf line = buf_new(0);

    message = log_mask(message, length, &length);
    buf_text(&line, "cpi: ");
    printable_append(&line, message, length, PRINTABLE_TABS);
    buf_byte(&line, '\n');
    console_error(buf_string(&line), line.length);
    buf_wipe(&line);
}

/* error value -> exit code. What was raised on purpose has a message, and may have an exit code; a bug has left its traceback. */
static int report_error(lua_State *L)
{
    size_t length;
    int is_integer;

    lua_settop(L, 1);
    lua_pushinteger(L, EXIT_FAILURE);
    if (!lua_istable(L, 1))
        return 1;
    lua_pushliteral(L, "exit_code");
    lua_rawget(L, 1);
    lua_Integer code = lua_tointegerx(L, -1, &is_integer);
    lua_pushliteral(L, "message");
    lua_rawget(L, 1);
    const char *message = lua_tolstring(L, -1, &length);
    lua_pushinteger(L, message && is_integer ? code & 0xff : EXIT_FAILURE);
    if (message)
        print_message(message, length);
    return 1;
}

int command_run(lua_State *L, char **words, int count)
{
    struct words all = {words, count};

    lua_pushcfunction(L, call_command);
    lua_pushlightuserdata(L, &all);
    if (host_call(L, 1, 1) != LUA_OK) {
        lua_pushcfunction(L, report_error);
        lua_insert(L, -2);
        if (host_call(L, 1, 1) != LUA_OK)
            return EXIT_FAILURE;
    }
    return (int)lua_tointeger(L, -1);
}
