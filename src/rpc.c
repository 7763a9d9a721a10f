/*
 * One request, one response line: the request is read, the scripts answer it, the line is delivered. Whatever goes wrong,
 * exactly one valid line is written: what Lua raises becomes an error in it, and when even that has no memory, there is a
 * line that needs none.
 */
#include "rpc.h"

#include "base/delivery.h"
#include "base/ending.h"
#include "base/file.h"
#include "base/interruption.h"
#include "base/log.h"
#include "base/watchdog.h"
#include "host.h"
#include "request.h"
#include "response.h"

#include <stdlib.h>
#include <string.h>

#define GARBAGE 400 /* percent of what is in use before garbage is collected: most processes end before it is worth the work */
#define PATIENCE_OF_READING 2.0 /* seconds; the bosh CLI and the director read while we write */

static const char no_memory[] = RESPONSE_LINE("not enough memory");
static const char ended[] = RESPONSE_LINE("the CPI ended before it had an answer; stderr says why");
static const char no_scripts[] = RESPONSE_LINE("the scripts of the CPI cannot be started; stderr says why");

/* ---- the answer ---------------------------------------------------------------------------------------------------- */

/* request -> a function that wants to know how the delivery went, or nil; response line */
static int answer(lua_State *L)
{
    struct request *request = lua_touserdata(L, 1);

    lua_settop(L, 0);
    request_push(L, request);
    lua_getglobal(L, "require");
    lua_pushliteral(L, "cpi");
    lua_call(L, 1, 1);
    host_push(L);
    lua_rotate(L, 1, 2); /* request, scripts, host: scripts, host, request */
    lua_call(L, 2, 2);
    lua_insert(L, 1);
    response_make(L);
    return 2;
}

/* Leaves the function that wants to know, or nil, and on the top the line, or nil where there is no memory for one. */
static void make_line(lua_State *L, struct request *request)
{
    lua_settop(L, 0);
    lua_pushcfunction(L, answer);
    lua_pushlightuserdata(L, request);
    if (host_call(L, 1, 2) == LUA_OK)
        return;
    request_forget(request); /* room for the answer */
    lua_gc(L, LUA_GCCOLLECT);
    response_make_error(L);
    lua_pushnil(L);
    lua_insert(L, 1);
}

/* ---- the delivery -------------------------------------------------------------------------------------------------- */

static bool write_line(lua_State *L, int out)
{
    size_t length = 0;
    const char *line = L ? lua_tolstring(L, -1, &length) : no_scripts;

    if (!line)
        line = no_memory;
    return file_write_stream(out, line, length > 0 ? length : strlen(line));
}

/* Reports to the scripts what became of the answer. */
static void report(lua_State *L, enum delivery outcome)
{
    static const char *const words[] = {
        [DELIVERY_TAKEN] = "taken", [DELIVERY_LOST] = "lost", [DELIVERY_UNKNOWN] = "unknown",
    };

    lua_settop(L, 1);
    lua_pushstring(L, words[outcome]);
    if (host_call(L, 1, 0) != LUA_OK)
        log_line(LOG_ERROR, "what was to be done after the response failed");
}

/* Writes the line on the top; waits for its reader only when a script wants to know. Returns the exit code. */
static int deliver(lua_State *L, int out)
{
    bool written = write_line(L, out);

    if (!written)
        log_line(LOG_ERROR, "the response could not be written");
    if (L && lua_isfunction(L, 1))
        report(L, written ? delivery_wait(out, PATIENCE_OF_READING) : DELIVERY_LOST);
    return written ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ---- both ---------------------------------------------------------------------------------------------------------- */

void rpc_expect(int out)
{
    ending_owe(out, ended);
}

/* While the scripts work: signals and a caller that goes away are noticed, and a policy that never ends gets a line too. */
static void watch(int out)
{
    interruption_catch();
    interruption_watch(out);
    watchdog_last_words(out, RESPONSE_HEAD, RESPONSE_TAIL, EXIT_SUCCESS);
}

int rpc_serve(lua_State *L, int in, int out)
{
    struct request request;

    if (L)
        lua_gc(L, LUA_GCINC, GARBAGE, 0, 0);
    request_receive(&request, in);
    watch(out);
    if (L)
        make_line(L, &request);
    watchdog_forget();
    ending_settle();
    int code = deliver(L, out);
    interruption_end();
    request_forget(&request);
    return code;
}
