/* A request of BOSH's: read, checked, relieved of its secret, decoded. */
#include "request.h"

#include "api/api.h"
#include "api/json_decode.h"
#include "api/json_kind.h"
#include "base/file.h"
#include "base/jsontext.h"
#include "config.h"
#include "response.h"

#include <lauxlib.h>

#define LARGEST_REQUEST (4 << 20) /* as much as a registry holds for one VM; a director's requests have a few KB */

static bool is_object(lua_State *L)
{
    return lua_istable(L, -1) && !json_is_array(L, -1);
}

/* Raises a typed error, which leaves no traceback: the fault is the caller's. */
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

/* Pushes the decoded text as it came. */
static void push_decoded(lua_State *L, struct buf *text)
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
}

static void push_text(lua_State *L, struct buf *text)
{
    push_decoded(L, text);
    lua_createtable(L, 0, 4);
    take_method(L);
    take_arguments(L);
    take_context(L);
    take_api_version(L);
    lua_remove(L, -2);
    buf_wipe(text);
}

void request_receive(struct request *request, int in)
{
    *request = (struct request){.text = buf_new(LARGEST_REQUEST)};
    request->is_unreadable = !file_read_stream(in, &request->text, &request->why);
    if (request->is_unreadable)
        buf_wipe(&request->text);
}

void request_push(lua_State *L, struct request *request)
{
    if (request->is_unreadable)
        refuse(L, "Request cannot be read, details: %s", request->why.text);
    push_text(L, &request->text);
}

void request_forget(struct request *request)
{
    buf_wipe(&request->text);
}

int request_read(lua_State *L)
{
    const char *path = luaL_checkstring(L, 1);
    struct buf *text = api_push_buf(L);
    struct fault fault;

    *text = buf_new(LARGEST_REQUEST);
    if (!file_read_argument(path, text, &fault))
        return refuse(L, "Request cannot be read, details: %s", fault.text);
    push_text(L, text);
    return 1;
}
