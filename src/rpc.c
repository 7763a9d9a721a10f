/*
 * One request, one response line. Whatever goes wrong, exactly one valid envelope is written: what Lua raises becomes
 * an error in it, and when even that cannot be written down, there is a last resort that needs no memory.
 */
#include "rpc.h"

#include "api/api.h"
#include "api/json_decode.h"
#include "api/json_encode.h"
#include "api/json_kind.h"
#include "base/delivery.h"
#include "base/ending.h"
#include "base/file.h"
#include "base/interruption.h"
#include "base/jsontext.h"
#include "base/log.h"
#include "base/utf8.h"
#include "base/watchdog.h"
#include "config.h"
#include "host.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#define LARGEST_REQUEST (4 << 20) /* as much as a registry holds for one VM; a director's requests have a few KB */
#define LONGEST_MESSAGE 16384
#define PATIENCE_OF_READING 2.0 /* seconds; the bosh CLI and the director read while we write */
#define CPI_ERROR "Bosh::Clouds::CpiError"

#define LINE_HEAD "{\"error\":{\"message\":\""
#define LINE_TAIL "\",\"ok_to_retry\":false,\"type\":\"" CPI_ERROR "\"},\"log\":\"\",\"result\":null}\n"
#define LINE_OF(message) LINE_HEAD message LINE_TAIL

static const char last_resort[] = LINE_OF("not enough memory");
static const char ended[] = LINE_OF("the CPI ended before it had an answer; stderr says why");
static const char no_scripts[] = LINE_OF("the scripts of the CPI cannot be started; stderr says why");

/* ---- the request ------------------------------------------------------------------------------------------------- */

static bool is_object(lua_State *L)
{
    return lua_istable(L, -1) && !json_is_array(L, -1);
}

/* An error that is the caller's fault needs no traceback: it is raised as a typed one. */
static int refuse(lua_State *L, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int refuse(lua_State *L, const char *format, ...)
{
    va_list arguments;

    lua_createtable(L, 0, 2);
    lua_pushliteral(L, CPI_ERROR);
    lua_setfield(L, -2, "type");
    va_start(arguments, format);
    lua_pushvfstring(L, format, arguments);
    va_end(arguments);
    lua_setfield(L, -2, "message");
    return lua_error(L);
}

/* Each of these takes a field of the decoded request (below the top) into the request table (on the top). */

static void take_method(lua_State *L)
{
    lua_getfield(L, -2, "method");
    if (lua_type(L, -1) != LUA_TSTRING)
        refuse(L, "'method' must be a String, got: %s", json_kind(L, -1));
    lua_setfield(L, -2, "method");
}

/* A null argument leaves a hole, so the count goes along. */
static void take_arguments(lua_State *L)
{
    lua_getfield(L, -2, "arguments");
    if (!json_is_array(L, -1))
        refuse(L, "'arguments' must be an Array, got: %s", json_kind(L, -1));
    lua_Integer count = (lua_Integer)lua_rawlen(L, -1);
    lua_createtable(L, 0, 1);
    for (lua_Integer i = 1; i <= count; i++) {
        lua_rawgeti(L, -2, i);
        if (json_is_null(L, -1)) {
            lua_pop(L, 1);
            continue;
        }
        lua_rawseti(L, -2, i);
    }
    lua_pushinteger(L, count);
    lua_setfield(L, -2, "n");
    lua_remove(L, -2);
    lua_setfield(L, -2, "arguments");
}

static void take_context(lua_State *L)
{
    if (lua_getfield(L, -2, "context") == LUA_TNIL) {
        lua_pop(L, 1);
        lua_newtable(L);
    }
    if (!is_object(L))
        refuse(L, "'context' must be an Object, got: %s", json_kind(L, -1));
    config_strip(L);
    lua_setfield(L, -2, "context");
}

/* Callers echo the number as they parsed it, so 3.0 is an integer too. */
static void take_api_version(lua_State *L)
{
    int is_integer;

    lua_getfield(L, -2, "api_version");
    if (lua_isnil(L, -1) || json_is_null(L, -1)) {
        lua_pop(L, 1);
        return;
    }
    lua_Integer version = lua_tointegerx(L, -1, &is_integer);
    if (lua_type(L, -1) != LUA_TNUMBER || !is_integer)
        refuse(L, "'api_version' must be an Integer, got: %s", json_kind(L, -1));
    lua_pop(L, 1);
    lua_pushinteger(L, version);
    lua_setfield(L, -2, "api_version");
}

/* Pushes the request as the scripts have it. The text is checked and the secret taken from it before decoding. */
static void push_request(lua_State *L, struct buf *text)
{
    struct fault fault;

    if (!jsontext_check(buf_string(text), text->length, &fault))
        refuse(L, "Request cannot be deserialized, details: %s", fault.text);
    if (!config_take_request_secret(text->bytes, text->length, &fault))
        refuse(L, "'context': %s", fault.text);
    if (!json_decode(L, text->bytes, text->length))
        refuse(L, "Request cannot be deserialized, details: %s", lua_tostring(L, -1));
    if (!is_object(L))
        refuse(L, "Request must be an Object, got: %s", json_kind(L, -1));
    lua_createtable(L, 0, 4);
    take_method(L);
    take_arguments(L);
    take_context(L);
    take_api_version(L);
    lua_remove(L, -2);
}

int rpc_read_request(lua_State *L)
{
    const char *path = luaL_checkstring(L, 1);
    struct buf *text = api_push_buf(L);
    struct fault fault;

    *text = buf_new(LARGEST_REQUEST);
    if (!file_read_argument(path, text, &fault))
        return refuse(L, "Request cannot be read, details: %s", fault.text);
    push_request(L, text);
    buf_wipe(text);
    return 1;
}

/* ---- the response ------------------------------------------------------------------------------------------------ */

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

struct exchange {
    struct buf text;
    bool unreadable;
    struct fault problem; /* why it is */
};

/* exchange -> what is to be called with the answer's fate, or nil; response line */
static int answer(lua_State *L)
{
    struct exchange *exchange = lua_touserdata(L, 1);

    lua_settop(L, 0);
    if (exchange->unreadable)
        refuse(L, "Request cannot be read, details: %s", exchange->problem.text);
    push_request(L, &exchange->text);
    buf_wipe(&exchange->text);
    lua_getglobal(L, "require");
    lua_pushliteral(L, "cpi");
    lua_call(L, 1, 1);
    host_push(L);
    lua_rotate(L, 1, 2); /* request, scripts, host: scripts, host, request */
    lua_call(L, 2, 2);
    lua_insert(L, 1);
    json_push_null(L);
    lua_insert(L, 2); /* function, error, result */
    push_line(L);
    return 2;
}

/* Pushes the text with whatever is no UTF-8 in it replaced, and cut where it is too long to be read. */
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

/* Sets the message in the table on the top: what the value at `index` has to say. */
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
static int answer_error(lua_State *L)
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

/* ---- both ---------------------------------------------------------------------------------------------------------- */

/* error value on the top -> its response line instead, or nil */
static void make_error_line(lua_State *L)
{
    lua_pushcfunction(L, answer_error);
    lua_insert(L, -2);
    int status = lua_pcall(L, 1, 1, 0);
    if (status != LUA_OK && status != LUA_ERRMEM) { /* the error object itself is broken: tell what it broke on */
        lua_pushcfunction(L, answer_error);
        lua_insert(L, -2);
        status = lua_pcall(L, 1, 1, 0);
    }
    if (status != LUA_OK) {
        lua_pop(L, 1);
        lua_pushnil(L);
    }
}

/* Leaves what is to be called afterwards, and on the top the line, or nil where there is no memory for one. */
static void make_line(lua_State *L, struct exchange *exchange)
{
    lua_settop(L, 0);
    lua_pushcfunction(L, answer);
    lua_pushlightuserdata(L, exchange);
    if (host_call(L, 1, 2) == LUA_OK)
        return;
    buf_wipe(&exchange->text); /* room for the answer */
    lua_gc(L, LUA_GCCOLLECT);
    make_error_line(L);
    lua_pushnil(L);
    lua_insert(L, 1);
}

static bool write_line(lua_State *L, int out)
{
    size_t length = 0;
    const char *line = L ? lua_tolstring(L, -1, &length) : no_scripts;

    if (!line)
        line = last_resort;
    return file_write_stream(out, line, length > 0 ? length : strlen(line));
}

/* Tells the scripts what became of the answer to what they have made; without that nobody waits. */
static void settle(lua_State *L, enum delivery outcome)
{
    static const char *const words[] = {
        [DELIVERY_TAKEN] = "taken", [DELIVERY_LOST] = "lost", [DELIVERY_UNKNOWN] = "unknown",
    };

    lua_settop(L, 1);
    lua_pushstring(L, words[outcome]);
    if (host_call(L, 1, 0) != LUA_OK)
        log_line(LOG_ERROR, "what was to be done after the response failed");
}

/* Writes the line on the top. Returns the exit code. */
static int deliver(lua_State *L, int out)
{
    bool written = write_line(L, out);

    if (!written)
        log_line(LOG_ERROR, "the response could not be written");
    if (L && lua_isfunction(L, 1))
        settle(L, written ? delivery_wait(out, PATIENCE_OF_READING) : DELIVERY_LOST);
    return written ? EXIT_SUCCESS : EXIT_FAILURE;
}

void rpc_expect(int out)
{
    ending_owe(out, ended);
}

int rpc_serve(lua_State *L, int in, int out)
{
    struct exchange exchange = {.text = buf_new(LARGEST_REQUEST)};

    exchange.unreadable = !file_read_stream(in, &exchange.text, &exchange.problem);
    if (exchange.unreadable)
        buf_wipe(&exchange.text);
    interruption_catch();
    interruption_watch(out);
    watchdog_last_words(out, LINE_HEAD, LINE_TAIL, EXIT_SUCCESS);
    if (L)
        make_line(L, &exchange);
    watchdog_forget();
    ending_settle();
    int code = deliver(L, out);
    interruption_end();
    buf_wipe(&exchange.text);
    return code;
}
