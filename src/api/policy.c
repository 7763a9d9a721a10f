/*
 * host.policy: the sandbox for decisions that a site may take over. Text chunks only, with globals of their own and
 * nothing that reaches the world; so many steps and so much memory for each load and each call, and no pcall inside
 * that could catch the stop.
 *
 * One long call into C executes no step of Lua: a pattern that backtracks for ever in string.find, or table.move over
 * 2^60 elements. Against that there is CPU time for each load and call; when it is over the process ends, with an
 * answer that names the policy (base/watchdog.h). What it was about to make is in the journal, as after any death.
 */
#include "api.h"

#include "../base/file.h"
#include "../base/memory.h"
#include "../base/watchdog.h"

#include <ctype.h>
#include <lualib.h>
#include <stdio.h>
#include <string.h>

#define STEPS_PER_CALL 10000000
#define STEPS_PER_TICK 1000 /* between two looks at what is left */
#define MEGABYTES_PER_CALL 32
#define LARGEST_POLICY (32 << 20) /* bytes */
#define CPU_SECONDS_PER_CALL 5 /* many times what the steps can take */

/* All that a policy can name: functions, and libraries whose functions it gets a table of its own of. */
static const char *const functions_seen[] = {"assert", "error", "ipairs", "next", "pairs", "select", "tonumber",
                                             "tostring", "type", NULL};
static const char *const libraries_seen[] = {LUA_MATHLIBNAME, LUA_STRLIBNAME, LUA_TABLIBNAME, LUA_UTF8LIBNAME, NULL};

/*
 * What is left out of the copies: string.dump, which makes bytecode, and what Lua 5.4 has only when it was built to
 * be compatible. A policy must not run on one installation and fail on the next.
 */
static const char *const left_out[] = {"dump", "atan2", "cosh", "frexp", "ldexp", "log10", "pow", "sinh", "tanh", NULL};

/* Replaces the library on the top by its copy. */
static void copy_library(lua_State *L)
{
    lua_newtable(L);
    for (lua_pushnil(L); lua_next(L, -3);) {
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_rawset(L, -4);
    }
    for (const char *const *name = left_out; *name; name++) {
        lua_pushnil(L);
        lua_setfield(L, -2, *name);
    }
    lua_remove(L, -2);
}

static void push_environment(lua_State *L)
{
    lua_newtable(L);
    for (const char *const *name = functions_seen; *name; name++) {
        lua_getglobal(L, *name);
        lua_setfield(L, -2, *name);
    }
    for (const char *const *name = libraries_seen; *name; name++) {
        lua_getglobal(L, *name);
        copy_library(L);
        lua_setfield(L, -2, *name);
    }
}

/* ---- budgets --------------------------------------------------------------------------------------------------- */

/*
 * What a call may still take. A call within a call, as a test of policies makes them, takes from both budgets, so that
 * nesting calls gains nothing.
 */
struct budget {
    long long steps; /* left */
    int tick;        /* steps between two looks */
    struct budget *outer;
};

static struct budget *current;

/* The hook that the first of them found. */
static struct {
    lua_Hook hook;
    int mask, count;
} found_hook;

static bool is_over(void)
{
    for (const struct budget *budget = current; budget; budget = budget->outer)
        if (budget->steps < 0)
            return true;
    return false;
}

static void charge(long long steps)
{
    for (struct budget *budget = current; budget; budget = budget->outer)
        budget->steps -= steps;
}

static void count_steps(lua_State *L, lua_Debug *activation)
{
    charge(current ? current->tick : 0);
    if (!is_over())
        return;
    /* Whoever catches this is stopped at the next step again, up to where the budget was given. */
    lua_sethook(L, count_steps, LUA_MASKCOUNT, 1);
    lua_getinfo(L, "Sl", activation);
    luaL_error(L, "%s:%d: ran for more than %d steps", activation->short_src, activation->currentline,
               STEPS_PER_CALL);
}

static struct memory *memory_of(lua_State *L)
{
    void *memory;

    return lua_getallocf(L, &memory) == memory_allocate ? memory : NULL;
}

/* Whether the message begins as Lua's do, "FILE:LINE:". */
static bool has_place(const char *message)
{
    const char *colon = strchr(message, ':');

    while (colon && !(colon[1] >= '0' && colon[1] <= '9'))
        colon = strchr(colon + 1, ':');
    return colon && colon[1 + strspn(colon + 1, "0123456789")] == ':';
}

/* A message without a place, raised by C on a script's behalf, gets the place of the line that was at work. */
static int locate(lua_State *L)
{
    lua_Debug activation;
    const char *message = lua_type(L, 1) == LUA_TSTRING ? lua_tostring(L, 1) : NULL;

    if (!message || has_place(message))
        return 1;
    for (int level = 0; lua_getstack(L, level, &activation); level++) {
        lua_getinfo(L, "Sl", &activation);
        if (activation.currentline > 0) {
            lua_pushfstring(L, "%s:%d: %s", activation.short_src, activation.currentline, message);
            return 1;
        }
    }
    return 1;
}

/* Starts the watch over the function at the index, by the name of its file. */
static bool watch(lua_State *L, int index)
{
    lua_Debug function;
    char what[512];

    lua_pushvalue(L, index);
    lua_getinfo(L, ">S", &function);
    snprintf(what, sizeof what, "policy %s: ran for more than %d s in one call into a library, such as a pattern that "
             "backtracks for ever", function.short_src, CPU_SECONDS_PER_CALL);
    return watchdog_start(CPU_SECONDS_PER_CALL, what);
}

static void begin_steps(lua_State *L, struct budget *budget, int tick)
{
    if (!current) {
        found_hook.hook = lua_gethook(L);
        found_hook.mask = lua_gethookmask(L);
        found_hook.count = lua_gethookcount(L);
    }
    charge(STEPS_PER_TICK); /* those since the last look, which are not counted any more */
    *budget = (struct budget){.steps = STEPS_PER_CALL, .tick = tick, .outer = current};
    current = budget;
    lua_sethook(L, count_steps, LUA_MASKCOUNT, is_over() ? 1 : tick);
}

static void end_steps(lua_State *L)
{
    current = current->outer;
    if (current)
        lua_sethook(L, count_steps, LUA_MASKCOUNT, is_over() ? 1 : current->tick);
    else
        lua_sethook(L, found_hook.hook, found_hook.mask, found_hook.count);
}

/*
 * Calls the function below its arguments under the budgets; the number of results, or raises. *taken, where it is wanted: the
 * steps of it, each of them counted, which makes it slow.
 */
static int call_within_budget(lua_State *L, int arguments, long long *taken)
{
    int base = lua_gettop(L) - arguments;
    struct memory *memory = memory_of(L);
    size_t outer = memory ? memory->limit : 0;
    struct budget budget;

    if (memory) {
        size_t limit = memory->used + ((size_t)MEGABYTES_PER_CALL << 20);
        memory->limit = outer && outer < limit ? outer : limit;
    }
    begin_steps(L, &budget, taken ? 1 : STEPS_PER_TICK);
    bool watching = watch(L, base);
    lua_pushcfunction(L, locate);
    lua_insert(L, base);
    int status = lua_pcall(L, arguments, LUA_MULTRET, base);
    lua_remove(L, base);
    if (watching)
        watchdog_stop();
    end_steps(L);
    if (memory)
        memory->limit = outer;
    if (taken)
        *taken = STEPS_PER_CALL - budget.steps;
    if (status == LUA_ERRMEM && memory)
        luaL_error(L, "used more than %d MB of memory", MEGABYTES_PER_CALL);
    if (status != LUA_OK)
        lua_error(L);
    return lua_gettop(L) - base + 1;
}

/* call(f, ...) -> f's results; raises its error */
static int call(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TFUNCTION);
    return call_within_budget(L, lua_gettop(L) - 1, NULL);
}

/* measure(f, ...) -> { steps=, bytes= } that it took, then f's results; raises its error */
static int measure(lua_State *L)
{
    struct memory *memory = memory_of(L);
    long long taken;

    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_gc(L, LUA_GCCOLLECT);
    lua_createtable(L, 0, 2);
    lua_insert(L, 1);
    size_t before = memory ? memory->peak = memory->used : 0;
    int results = call_within_budget(L, lua_gettop(L) - 2, &taken);
    lua_pushinteger(L, (lua_Integer)taken);
    lua_setfield(L, 1, "steps");
    lua_pushinteger(L, (lua_Integer)(memory ? memory->peak - before : 0));
    lua_setfield(L, 1, "bytes");
    return results + 1;
}

/* ---- loading --------------------------------------------------------------------------------------------------- */

static void check_name(lua_State *L, const char *name, size_t length)
{
    if (length == 0 || strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != length)
        luaL_error(L, "'%s' is not a valid policy name", name);
}

struct slice {
    const char *bytes;
    size_t length;
};

/* A BOSH job always renders its templates; a policy that the site did not write is blank. */
static bool is_blank(struct slice text)
{
    for (size_t i = 0; i < text.length; i++)
        if (!isspace((unsigned char)text.bytes[i]))
            return false;
    return true;
}

/*
 * The text without what Lua itself leaves out of a file: a byte order mark, and a first line that begins with #. The end of that line
 * stays, so that the lines keep their numbers.
 */
static struct slice program_of(const struct buf *text)
{
    static const char mark[] = "\xEF\xBB\xBF";
    struct slice program = {text->bytes, text->length};

    if (program.length >= 3 && !memcmp(program.bytes, mark, 3)) {
        program.bytes += 3;
        program.length -= 3;
    }
    if (program.length > 0 && program.bytes[0] == '#') {
        const char *end = memchr(program.bytes, '\n', program.length);
        program.length -= end ? (size_t)(end - program.bytes) : program.length;
        program.bytes = end ? end : program.bytes;
    }
    return program;
}

/* Adds the fields of the table at index 3, where there is one, to the globals on the top. */
static void add_globals(lua_State *L)
{
    if (lua_isnil(L, 3))
        return;
    for (lua_pushnil(L); lua_next(L, 3);) {
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_rawset(L, -4);
    }
}

/* load(directory, name, globals?) -> path, what NAME.lua returns; nothing when it is absent or blank. globals: what it
 * can name besides, for tests of policies. */
static int load(lua_State *L)
{
    size_t length;
    const char *directory = luaL_checkstring(L, 1), *name = luaL_checklstring(L, 2, &length);
    struct fault fault;
    bool missing;

    if (!lua_isnoneornil(L, 3))
        luaL_checktype(L, 3, LUA_TTABLE);
    lua_settop(L, 3);
    check_name(L, name, length);
    const char *chunk = lua_pushfstring(L, "@%s/%s.lua", directory, name);
    struct buf *text = api_push_buf(L);
    *text = buf_new(LARGEST_POLICY);
    if (!file_read(chunk + 1, text, &missing, &fault)) {
        if (missing)
            return 0;
        return luaL_error(L, "%s", fault.text);
    }
    struct slice program = program_of(text);
    if (is_blank(program))
        return 0;
    if (luaL_loadbufferx(L, program.bytes, program.length, chunk, "t") != LUA_OK) {
        if (program.bytes[0] == LUA_SIGNATURE[0])
            return luaL_error(L, "%s: it is bytecode, not text", chunk + 1);
        return lua_error(L);
    }
    buf_free(text);
    push_environment(L);
    add_globals(L);
    lua_setupvalue(L, -2, 1);
    lua_pushstring(L, chunk + 1);
    lua_insert(L, -2);
    call_within_budget(L, 0, NULL);
    lua_settop(L, 7); /* directory, name, globals, chunk, buf, path, value */
    return 2;
}

/* ---- for tests --------------------------------------------------------------------------------------------------- */

/* names() -> everything a policy can name, sorted: "assert", ..., "string.rep" */
static int names(lua_State *L)
{
    lua_settop(L, 0);
    lua_newtable(L);
    push_environment(L);
    for (lua_pushnil(L); lua_next(L, 2); lua_pop(L, 1)) {
        lua_pushvalue(L, 3);
        lua_rawseti(L, 1, (lua_Integer)lua_rawlen(L, 1) + 1);
        if (!lua_istable(L, 4))
            continue;
        for (lua_pushnil(L); lua_next(L, 4); lua_pop(L, 1)) {
            lua_pushfstring(L, "%s.%s", lua_tostring(L, 3), lua_tostring(L, 5));
            lua_rawseti(L, 1, (lua_Integer)lua_rawlen(L, 1) + 1);
        }
    }
    lua_getglobal(L, LUA_TABLIBNAME);
    lua_getfield(L, -1, "sort");
    lua_pushvalue(L, 1);
    lua_call(L, 1, 0);
    lua_settop(L, 1);
    return 1;
}

int api_open_policy(lua_State *L)
{
    static const luaL_Reg functions[] = {{"call", call}, {"load", load}, {"measure", measure}, {"names", names}, {NULL, NULL}};

    luaL_newlib(L, functions);
    return 1;
}
