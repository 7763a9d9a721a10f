/* Without a command: one request on stdin, one response on stdout. With one: lua/commands/NAME.lua. */
#include "base/console.h"
#include "base/core_dump.h"
#include "base/interruption.h"
#include "base/descriptors.h"
#include "base/log.h"
#include "base/printable.h"
#include "config.h"
#include "host.h"
#include "rpc.h"

#include <lauxlib.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXIT_USAGE 2

struct invocation {
    const char *config;
    char **words; /* the command and its arguments; empty for a request */
    int count;
    bool help, version;
};

/* Reads --config FILE or --config=FILE at argv[*i], and leaves *i at its last word. */
static bool parse_config(int argc, char **argv, int *i, struct invocation *invocation)
{
    if (strcmp(argv[*i], "--config") == 0 && *i + 1 < argc)
        invocation->config = argv[++*i];
    else if (strncmp(argv[*i], "--config=", 9) == 0)
        invocation->config = argv[*i] + 9;
    else
        return false;
    return true;
}

/* What follows the command is the command's, but for --config, which people write there too. */
static void parse_command(int argc, char **argv, int i, struct invocation *invocation)
{
    invocation->words = argv + i;
    for (bool literal = false; i < argc; i++) {
        literal = literal || strcmp(argv[i], "--") == 0;
        if (literal || !parse_config(argc, argv, &i, invocation))
            invocation->words[invocation->count++] = argv[i];
    }
}

static bool parse(int argc, char **argv, struct invocation *invocation)
{
    int i = 1;

    invocation->config = getenv("CPI_CONFIG");
    for (; i < argc && argv[i][0] == '-'; i++) {
        if (parse_config(argc, argv, &i, invocation)) {
            continue;
        } else if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            invocation->help = true;
        } else if (strcmp(argv[i], "--version") == 0) {
            invocation->version = true;
        } else {
            fprintf(stderr, "cpi: unknown option or missing value: %s\n", argv[i]);
            return false;
        }
    }
    parse_command(argc, argv, i, invocation);
    return true;
}

/* The long text is a command of its own, lua/commands/help.lua. */
static int refuse_usage(void)
{
    fprintf(stderr, "usage: cpi [--config FILE] [COMMAND [ARGUMENT]...]; `cpi --help` says more\n");
    return EXIT_USAGE;
}

/* ---- a command ----------------------------------------------------------------------------------------------------- */

/* Whether there is a script for the name, which must be no path. */
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

/* catch_signals(): for a command that does a verb's work; host.interruption() reports the first one then */
static int catch_signals(lua_State *L)
{
    (void)L;
    interruption_catch();
    return 0;
}

/* What commands have of the host besides: no verb can reach it. */
static void push_host(lua_State *L)
{
    host_push(L);
    lua_pushcfunction(L, rpc_read_request);
    lua_setfield(L, -2, "request");
    lua_pushcfunction(L, compile);
    lua_setfield(L, -2, "compile");
    lua_pushcfunction(L, catch_signals);
    lua_setfield(L, -2, "catch_signals");
}

/* invocation -> exit code; what is no command is left to `help`, which refuses it */
static int call_command(lua_State *L)
{
    const struct invocation *invocation = lua_touserdata(L, 1);
    bool known = is_command(L, invocation->words[0]);
    int first = known ? 1 : 0, end = known ? invocation->count : 1;

    lua_getglobal(L, "require");
    lua_pushfstring(L, "commands.%s", known ? invocation->words[0] : "help");
    lua_call(L, 1, 1);
    push_host(L);
    lua_createtable(L, end - first, 0);
    for (int i = first; i < end; i++) {
        lua_pushstring(L, invocation->words[i]);
        lua_rawseti(L, -2, i - first + 1);
    }
    lua_call(L, 2, 1);
    int is_integer;
    lua_Integer code = lua_tointegerx(L, -1, &is_integer);
    if (!is_integer)
        code = lua_isnil(L, -1) || lua_toboolean(L, -1) ? EXIT_SUCCESS : EXIT_FAILURE;
    lua_pushinteger(L, code & 0xff);
    return 1;
}

/* What a command raised on purpose -> exit code. It is told in one line, and may say which code it is worth; a bug has
 * left its traceback. */
static int tell_error(lua_State *L)
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
    const char *text = lua_tolstring(L, -1, &length);
    lua_pushinteger(L, text && is_integer ? code & 0xff : EXIT_FAILURE);
    if (!text)
        return 1;
    struct buf line = buf_new(0);
    text = log_mask(text, length, &length);
    buf_text(&line, "cpi: ");
    printable_append(&line, text, length, PRINTABLE_TABS);
    buf_byte(&line, '\n');
    console_error(buf_string(&line), line.length);
    buf_wipe(&line);
    return 1;
}

static int run_command(lua_State *L, struct invocation *invocation)
{
    lua_pushcfunction(L, call_command);
    lua_pushlightuserdata(L, invocation);
    if (host_call(L, 1, 1) != LUA_OK) {
        lua_pushcfunction(L, tell_error);
        lua_insert(L, -2);
        if (host_call(L, 1, 1) != LUA_OK)
            return EXIT_FAILURE;
    }
    return (int)lua_tointeger(L, -1);
}

int main(int argc, char **argv)
{
    struct invocation invocation = {0};
    struct host_options options = {0};
    char *help[] = {"help", NULL};
    bool has_stdout = descriptors_plug();
    int out = -1;

    core_dump_forbid();
    if (!parse(argc, argv, &invocation))
        return refuse_usage();
    if (invocation.help) {
        invocation.words = help;
        invocation.count = 1;
    }
    if (invocation.version)
        return printf("cloudstack_cpi %s\n", VERSION) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
    if (invocation.count == 0) {
        if (isatty(STDIN_FILENO))
            fprintf(stderr, "cpi: reading a request (JSON) from standard input; `cpi --help` says more\n");
        out = console_reserve_stdout();
        out = has_stdout ? out : -1;
        rpc_expect(out);
        log_threshold(LOG_INFO);
    }
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error to tell, like a full disk */
    config_set_path(invocation.config);
    lua_State *L = host_new(&options);
    int code = EXIT_FAILURE;
    if (invocation.count == 0)
        code = rpc_serve(L, STDIN_FILENO, out);
    else if (L)
        code = run_command(L, &invocation);
    host_close(L);
    return code;
}
