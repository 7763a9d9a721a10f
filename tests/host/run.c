/*
 * Runs test files inside the real host state: host-tests FILE... Each file gets a state of its own, whose scripts are
 * those of tests/host, and `require "harness"`: what a test needs of the world and the host does not give.
 */
#include "../../src/base/file.h"
#include "../../src/base/log.h"
#include "../../src/base/memory.h"
#include "../../src/config.h"
#include "../../src/cpi_config.h"
#include "../../src/host.h"

#include <lauxlib.h>
#include <lualib.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* read(path) -> text | nil, why */
static int read_text(lua_State *L)
{
    struct buf text = buf_new(0);
    struct fault fault;

    if (!file_read(luaL_checkstring(L, 1), &text, NULL, &fault)) {
        lua_pushnil(L);
        lua_pushstring(L, fault.text);
        return 2;
    }
    lua_pushlstring(L, buf_string(&text), text.length);
    buf_free(&text);
    return 1;
}

/* write(path, text) */
static int write_text(lua_State *L)
{
    size_t length;
    const char *path = luaL_checkstring(L, 1), *text = luaL_checklstring(L, 2, &length);

    FILE *file = fopen(path, "wb");
    if (!file || fwrite(text, 1, length, file) != length || fclose(file) != 0)
        return luaL_error(L, "cannot write %s", path);
    return 0;
}

/* directory() -> a new one */
static int make_directory(lua_State *L)
{
    char path[] = "/tmp/host_test.XXXXXX";

    if (!mkdtemp(path))
        return luaL_error(L, "no directory");
    lua_pushstring(L, path);
    return 1;
}

/* shell(command) -> exit code */
static int shell(lua_State *L)
{
    fflush(stdout);
    int status = system(luaL_checkstring(L, 1));
    lua_pushinteger(L, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    return 1;
}

/* fork(n, f) -> how many of n processes, each having called f(i), failed */
static int fork_many(lua_State *L)
{
    lua_Integer count = luaL_checkinteger(L, 1);
    lua_Integer failures = 0;
    int status;

    fflush(stdout);
    for (int i = 1; i <= count; i++) {
        if (fork() != 0)
            continue;
        lua_pushvalue(L, 2);
        lua_pushinteger(L, i);
        _exit(host_call(L, 1, 0) == LUA_OK ? 0 : 1);
    }
    while (wait(&status) > 0)
        failures += status != 0;
    lua_pushinteger(L, failures);
    return 1;
}

/* cpi_config(path, name): what --cpi-config and --cpi say from now on */
static int set_cpi_config(lua_State *L)
{
    static char path[4096], name[256];

    snprintf(path, sizeof path, "%s", luaL_optstring(L, 1, ""));
    snprintf(name, sizeof name, "%s", luaL_optstring(L, 2, ""));
    cpi_config_set(path, name);
    return 0;
}

/* config(path): what --config says from now on */
static int set_config(lua_State *L)
{
    static char path[4096];

    snprintf(path, sizeof path, "%s", luaL_optstring(L, 1, ""));
    config_set_path(path);
    return 0;
}

/* take(text) -> the request's text without its secret | nil, why */
static int take(lua_State *L)
{
    struct fault fault;
    char *text = strdup(luaL_checkstring(L, 1));

    bool ok = config_take_request_secret(text, strlen(text), &fault);
    lua_pushstring(L, ok ? text : NULL);
    lua_pushstring(L, ok ? NULL : fault.text);
    free(text);
    return 2;
}

/* compile(text) -> function, possibly of bytecode: what the host withdraws from scripts */
static int compile(lua_State *L)
{
    size_t length;
    const char *text = luaL_checklstring(L, 1, &length);

    return luaL_loadbuffer(L, text, length, "=compiled") == LUA_OK ? 1 : lua_error(L);
}

static int append(lua_State *L, const void *bytes, size_t length, void *buffer)
{
    (void)L;
    return !buf_append(buffer, bytes, length);
}

/* dump(f) -> bytecode */
static int dump(lua_State *L)
{
    struct buf code = buf_new(0);

    lua_dump(L, append, &code, 0);
    lua_pushlstring(L, code.bytes, code.length);
    buf_free(&code);
    return 1;
}

/* used() -> bytes that the state holds, and its ceiling */
static int used(lua_State *L)
{
    void *memory;

    lua_getallocf(L, &memory);
    lua_pushinteger(L, (lua_Integer)((struct memory *)memory)->used);
    lua_pushinteger(L, (lua_Integer)((struct memory *)memory)->limit);
    return 2;
}

/* unprotected() -> exit code of a process that raises "not caught" outside of any protected call, its stderr */
static int unprotected(lua_State *L)
{
    struct host_options options = {.lua_dir = "tests/host"};
    char said[512];
    int ends[2], status = 0;
    size_t length = 0;
    ssize_t got;

    fflush(stdout);
    if (pipe(ends) != 0)
        return luaL_error(L, "no pipe");
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        lua_State *own = host_new(&options);
        lua_pushliteral(own, "not caught");
        lua_error(own);
    }
    close(ends[1]);
    while (length < sizeof said && (got = read(ends[0], said + length, sizeof said - length)) > 0)
        length += (size_t)got;
    close(ends[0]);
    waitpid(child, &status, 0);
    lua_pushinteger(L, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    lua_pushlstring(L, said, length);
    return 2;
}

static int open_harness(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"compile", compile}, {"config", set_config}, {"cpi_config", set_cpi_config}, {"directory", make_directory}, {"dump", dump},
        {"fork", fork_many}, {"read", read_text}, {"shell", shell}, {"take", take}, {"unprotected", unprotected}, {"used", used},
        {"write", write_text}, {NULL, NULL},
    };
    const char *build = getenv("CPI_BUILD");

    luaL_newlib(L, functions);
    host_push(L);
    lua_setfield(L, -2, "host");
    lua_pushstring(L, build ? build : "build");
    lua_setfield(L, -2, "build");
#ifdef __SANITIZE_ADDRESS__
    lua_pushboolean(L, 1);
#else
    lua_pushboolean(L, getenv("CPI_RUNNER") != NULL);
#endif
    lua_setfield(L, -2, "instrumented");
    lua_pushcfunction(L, luaopen_debug);
    lua_call(L, 0, 1);
    lua_setfield(L, -2, "debug");
    return 1;
}

/* file -> passed, failed */
static int run_file(lua_State *L)
{
    const char *file = lua_touserdata(L, 1);

    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
    lua_pushcfunction(L, open_harness);
    lua_setfield(L, -2, "harness");
    if (luaL_loadfile(L, file) != LUA_OK)
        return lua_error(L);
    lua_call(L, 0, 0);
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
    lua_getfield(L, -1, "check");
    lua_getfield(L, -1, "passed");
    lua_getfield(L, -2, "failed");
    return 2;
}

int main(int argc, char **argv)
{
    long long all_passed = 0, all_failed = 0;
    struct host_options options = {.lua_dir = "tests/host"};

    signal(SIGPIPE, SIG_IGN);
    for (int i = 1; i < argc; i++) {
        long long passed = 0, failed = 1;
        lua_State *L = host_new(&options);
        if (!L)
            return 1;
        lua_pushcfunction(L, run_file);
        lua_pushlightuserdata(L, argv[i]);
        if (host_call(L, 1, 2) == LUA_OK) {
            passed = lua_tointeger(L, -2);
            failed = lua_tointeger(L, -1);
        } else {
            printf("%s: %s\n", argv[i], lua_isstring(L, -1) ? lua_tostring(L, -1) : "no text");
        }
        printf("== %s: %lld good, %lld bad\n", argv[i], passed, failed);
        all_passed += passed;
        all_failed += failed;
        host_close(L);
        config_set_path(NULL);
        cpi_config_set(NULL, NULL);
    }
    printf("%lld passed, %lld failed\n", all_passed, all_failed);
    return all_failed > 0;
}
