/* host.cloudstack: signed requests, sent together. The secret key comes from base/secret.c and stays in C. */
#include "api.h"

#include "../base/clock.h"
#include "../base/http.h"
#include "../base/http_settings.h"
#include "../base/readonly.h"
#include "../base/secret.h"
#include "../base/sign.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#define TYPE_BATCH "host.cloudstack.batch"
#define EXPIRES_SECONDS 600
#define LAST_SECOND 253402300799.0 /* of the year 9999: a date has four digits for it */
#define FIXED_PARAMETERS 6 /* what every request has: see add_fixed */

/* The address of CloudStack and our account there; empty until open(). */
static struct buf endpoint, api_key;

/* ---- open ----------------------------------------------------------------------------------------------------------- */

static const char *text_option(lua_State *L, const char *name)
{
    int type = lua_getfield(L, 1, name);

    if (type != LUA_TSTRING && type != LUA_TNIL)
        luaL_error(L, "%s must be a string, not a %s", name, lua_typename(L, type));
    return lua_tostring(L, -1); /* stays on the stack until open() has copied it */
}

static lua_Number number_option(lua_State *L, const char *name, lua_Number otherwise)
{
    int type = lua_getfield(L, 1, name);
    lua_Number number = type == LUA_TNIL ? otherwise : lua_tonumber(L, -1);

    if ((type != LUA_TNUMBER && type != LUA_TNIL) || !(number > 0) || isinf(number))
        luaL_error(L, "%s must be a positive number", name);
    lua_pop(L, 1);
    return number;
}

static bool flag_option(lua_State *L, const char *name)
{
    int type = lua_getfield(L, 1, name);

    if (type != LUA_TBOOLEAN && type != LUA_TNIL)
        luaL_error(L, "%s must be a boolean, not a %s", name, lua_typename(L, type));
    bool value = type == LUA_TNIL || lua_toboolean(L, -1);
    lua_pop(L, 1);
    return value;
}

static bool keep(struct buf *buf, const char *text)
{
    buf_clear(buf);
    return buf_append(buf, text, strlen(text));
}

/* open{ endpoint=, api_key=, ca_cert=, ca_file=, verify=, proxy=, no_proxy=, connect_timeout=, request_timeout=,
 *       max_body= }: what holds from now on; nothing is connected. */
static int open_session(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    const char *url = text_option(L, "endpoint"), *key = text_option(L, "api_key");
    struct http_settings settings = {
        .ca_cert = text_option(L, "ca_cert"),
        .ca_file = text_option(L, "ca_file"),
        .proxy = text_option(L, "proxy"),
        .no_proxy = text_option(L, "no_proxy"),
        .verify = flag_option(L, "verify"),
        .connect_timeout = number_option(L, "connect_timeout", 30),
        .request_timeout = number_option(L, "request_timeout", 300),
        .max_body = (size_t)number_option(L, "max_body", HTTP_LARGEST_BODY),
    };

    if (!url || (strncasecmp(url, "http://", 7) != 0 && strncasecmp(url, "https://", 8) != 0))
        return luaL_error(L, "endpoint must be an http or https URL");
    if (!keep(&endpoint, url) || !keep(&api_key, key ? key : "") || !http_configure(&settings))
        return luaL_error(L, "not enough memory");
    return 0;
}

/* ---- one request as parameters ------------------------------------------------------------------------------------- */

struct parameters {
    struct sign_parameter *list;
    size_t count;
};

static void add(struct parameters *parameters, const char *name, const char *value, size_t length)
{
    parameters->list[parameters->count++] = (struct sign_parameter){name, value, length};
}

static const char *const fixed[FIXED_PARAMETERS] = {"command", "response", "signatureVersion", "expires", "apikey",
                                                    "signature"};

static void check_name(lua_State *L, const char *command)
{
    size_t length;

    if (lua_type(L, -2) != LUA_TSTRING)
        luaL_error(L, "%s: the name of a parameter is a %s", command, luaL_typename(L, -2));
    const char *name = lua_tolstring(L, -2, &length);
    if (length == 0 || strlen(name) != length)
        luaL_error(L, "%s: a parameter has an empty name, or one with a NUL", command);
    for (size_t i = 0; i < FIXED_PARAMETERS; i++)
        if (strcasecmp(name, fixed[i]) == 0)
            luaL_error(L, "%s: parameter '%s' is the host's to give", command, name);
}

/* Replaces the value on the top by its text. */
static void value_to_text(lua_State *L, const char *command, const char *name)
{
    lua_Integer whole;

    switch (lua_type(L, -1)) {
    case LUA_TSTRING:
        return;
    case LUA_TBOOLEAN:
        lua_pushstring(L, lua_toboolean(L, -1) ? "true" : "false");
        break;
    case LUA_TNUMBER:
        if (lua_numbertointeger(lua_tonumber(L, -1), &whole) && (lua_Number)whole == lua_tonumber(L, -1)) {
            if (lua_isinteger(L, -1))
                whole = lua_tointeger(L, -1);
            lua_pushinteger(L, whole);
        } else if (lua_isinteger(L, -1) || isfinite(lua_tonumber(L, -1))) {
            lua_pushvalue(L, -1);
        } else {
            luaL_error(L, "%s: parameter '%s' is a number that is not finite", command, name);
        }
        lua_tostring(L, -1);
        break;
    default:
        luaL_error(L, "%s: parameter '%s' is a %s; it must be a string, a number or a boolean", command, name,
                   luaL_typename(L, -1));
    }
    lua_remove(L, -2);
}

/* Adds the params table on the top; its values' texts are kept alive in the table below it. */
static void add_params(lua_State *L, struct parameters *parameters, const char *command)
{
    for (lua_pushnil(L); lua_next(L, -2);) {
        size_t length;
        check_name(L, command);
        const char *name = lua_tostring(L, -2);
        value_to_text(L, command, name);
        const char *value = lua_tolstring(L, -1, &length);
        add(parameters, name, value, length);
        lua_rawseti(L, -4, (lua_Integer)parameters->count);
    }
}

static size_t count_fields(lua_State *L)
{
    size_t count = 0;

    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1))
        count++;
    return count;
}

/* Until when the request is good: as its `expires` says, or for a while. */
static lua_Number valid_until(lua_State *L, int request, const char *command)
{
    lua_Number until = (lua_Number)(clock_utc() + EXPIRES_SECONDS);
    int type = lua_getfield(L, request, "expires");

    if (type == LUA_TNUMBER)
        until = lua_tonumber(L, -1);
    if ((type != LUA_TNUMBER && type != LUA_TNIL) || !(until >= 0 && until <= LAST_SECOND))
        luaL_error(L, "%s: expires must be seconds since 1970", command);
    lua_pop(L, 1);
    return until;
}

/* Pushes the command of the request below the top. */
static const char *push_command(lua_State *L, lua_Integer nth, size_t *length)
{
    if (!lua_istable(L, -1))
        luaL_error(L, "request %I is a %s, not a table", nth, luaL_typename(L, -1));
    if (lua_getfield(L, -1, "command") != LUA_TSTRING)
        luaL_error(L, "request %I has no command", nth);
    const char *command = lua_tolstring(L, -1, length);
    if (!readonly_allows(command))
        luaL_error(L, "%s is not sent: only reads are allowed here", command);
    return command;
}

/* Seconds, or 0 when the request has no timeout of its own. */
static lua_Number timeout_of(lua_State *L, int request, const char *command)
{
    int type = lua_getfield(L, request, "timeout");
    lua_Number timeout = lua_tonumber(L, -1);

    if (type != LUA_TNIL && (type != LUA_TNUMBER || !(timeout > 0)))
        luaL_error(L, "%s: the timeout must be a positive number", command);
    lua_pop(L, 1);
    return timeout;
}

/* Adds the request's own parameters, with room for the fixed ones; what it pushes keeps the list and the texts alive. */
static void push_parameters(lua_State *L, int request, const char *command, struct parameters *parameters)
{
    int type = lua_getfield(L, request, "params");

    if (type == LUA_TNIL) {
        lua_pop(L, 1);
        lua_newtable(L);
    } else if (type != LUA_TTABLE) {
        luaL_error(L, "%s: params is a %s, not a table", command, lua_typename(L, type));
    }
    size_t room = count_fields(L) + FIXED_PARAMETERS;
    parameters->list = lua_newuserdatauv(L, room * sizeof *parameters->list, 0);
    lua_newtable(L);    /* for the texts */
    lua_rotate(L, -3, 2); /* params, list, texts: list, texts, params */
    add_params(L, parameters, command);
}

static void add_fixed(struct parameters *parameters, const char *command, size_t length, const char *expires)
{
    add(parameters, "command", command, length);
    add(parameters, "response", "json", strlen("json"));
    add(parameters, "signatureVersion", "3", strlen("3"));
    add(parameters, "expires", expires, strlen(expires));
    add(parameters, "apikey", buf_string(&api_key), api_key.length);
}

static void sign(lua_State *L, const char *command, const struct parameters *parameters, struct buf *form)
{
    struct fault fault;
    size_t length;
    const char *secret = secret_get(&length);

    if (!secret || api_key.length == 0)
        luaL_error(L, "%s: there is no %s to sign it with", command, secret ? "api key" : "secret access key");
    if (!sign_form(form, parameters->list, parameters->count, secret, length, &fault))
        luaL_error(L, "%s: %s", command, fault.text);
}

/* Appends the signed body of the request on the top to `form`. Returns the request's timeout, or 0. */
static double build_form(lua_State *L, lua_Integer nth, struct buf *form)
{
    struct parameters parameters = {0};
    char expires[CLOCK_ISO_SIZE];
    size_t length;
    int request = lua_gettop(L);
    const char *command = push_command(L, nth, &length);
    lua_Number timeout = timeout_of(L, request, command);

    clock_iso((int64_t)valid_until(L, request, command), "+0000", expires);
    push_parameters(L, request, command, &parameters);
    add_fixed(&parameters, command, length, expires);
    sign(L, command, &parameters, form);
    lua_settop(L, request);
    return timeout;
}

/* ---- send ----------------------------------------------------------------------------------------------------------- */

struct batch {
    size_t count;
    struct http_post *posts;
    struct buf *forms;
};

static int free_batch(lua_State *L)
{
    struct batch *batch = luaL_checkudata(L, 1, TYPE_BATCH);

    for (size_t i = 0; i < batch->count; i++) {
        buf_free(&batch->forms[i]);
        buf_free(&batch->posts[i].reply.body);
    }
    batch->count = 0;
    return 0;
}

/* Pushes a batch with room for `count` requests, all in one block. */
static struct batch *push_batch(lua_State *L, size_t count)
{
    size_t size = sizeof(struct batch) + count * (sizeof(struct http_post) + sizeof(struct buf));
    struct batch *batch = api_push_owner(L, size, TYPE_BATCH, free_batch);

    batch->count = count;
    batch->posts = (struct http_post *)(void *)(batch + 1);
    batch->forms = (struct buf *)(void *)(batch->posts + count);
    return batch;
}

/* send{ { command=, params={ name=value }, timeout=seconds?, expires=seconds since 1970? }, ... } -> replies in the same
 * order, each as api_push_reply says */
static int send_requests(lua_State *L)
{
    struct fault fault;

    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    if (endpoint.length == 0)
        return luaL_error(L, "cloudstack.open was not called");
    size_t count = (size_t)lua_rawlen(L, 1);
    struct batch *batch = push_batch(L, count);
    for (size_t i = 0; i < count; i++) {
        struct http_post *post = &batch->posts[i];
        lua_rawgeti(L, 1, (lua_Integer)i + 1);
        post->timeout = build_form(L, (lua_Integer)i + 1, &batch->forms[i]);
        lua_pop(L, 1);
        post->url = endpoint.bytes;
        post->form = batch->forms[i].bytes;
        post->length = batch->forms[i].length;
    }
    if (!http_send(batch->posts, count, &fault))
        return luaL_error(L, "%s", fault.text);
    lua_createtable(L, (int)count, 0);
    for (size_t i = 0; i < count; i++) {
        api_push_reply(L, &batch->posts[i].reply);
        buf_free(&batch->posts[i].reply.body);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

/* Ends with the state: what open() copied. */
static int close_session(lua_State *L)
{
    (void)L;
    buf_free(&endpoint);
    buf_wipe(&api_key);
    http_close();
    return 0;
}

int api_open_cloudstack(lua_State *L)
{
    static const luaL_Reg functions[] = {{"open", open_session}, {"send", send_requests}, {NULL, NULL}};

    luaL_newlib(L, functions);
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, close_session);
    lua_setfield(L, -2, "__gc");
    lua_setmetatable(L, -2);
    return 1;
}
