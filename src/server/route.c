/* Turns a request into the table that the Lua model answers, and its answer into a reply. */

#include "route.h"

#include "../base/buf.h"
#include "../base/file.h"
#include "../host.h"
#include "upload.h"

#include <errno.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MODEL "server.model"

struct route {
    lua_State *L;
};

/* What a protected function works on; whatever it holds is freed outside, for Lua may leave in between. */
struct opening {
    const char *module, *world_path, *base_url;
    struct buf world;
};

struct asking {
    const struct request *request;
    struct reply *reply;
};

/* Calls a C function with one pointer under protection. Of a failure the traceback is on stderr. */
static bool protect(struct route *route, lua_CFunction function, void *context)
{
    lua_settop(route->L, 0);
    lua_pushcfunction(route->L, function);
    lua_pushlightuserdata(route->L, context);
    return host_call(route->L, 1, 0) == LUA_OK;
}

static void push_member(lua_State *L, const char *name)
{
    lua_getfield(L, LUA_REGISTRYINDEX, MODEL);
    lua_getfield(L, -1, name);
    lua_remove(L, -2);
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), tail = strlen(end);
    return length >= tail && strcmp(text + length - tail, end) == 0;
}

/* Pushes the table of the world file; host is the table at the top of the stack. */
static void push_world(lua_State *L, const struct opening *opening)
{
    const char *text = buf_string(&opening->world), *path = opening->world_path;
    if (ends_with(path, ".json")) {
        lua_getfield(L, -1, "json");
        lua_getfield(L, -1, "decode");
        lua_remove(L, -2);
        lua_pushlstring(L, text, opening->world.length);
        lua_call(L, 1, 2);
        if (lua_isnil(L, -2))
            luaL_error(L, "world file %s: %s", path, luaL_tolstring(L, -1, NULL));
        lua_pop(L, 1);
    } else {
        lua_pushfstring(L, "@%s", path);
        if (luaL_loadbufferx(L, text, opening->world.length, lua_tostring(L, -1), "t") != LUA_OK)
            luaL_error(L, "world file %s: %s", path, lua_tostring(L, -1));
        lua_remove(L, -2);
        lua_call(L, 0, 1);
    }
    if (!lua_istable(L, -1))
        luaL_error(L, "world file %s: a %s is no world", path, luaL_typename(L, -1));
}

/* require(module).new{ host=, world=, base_url= }, kept in the registry. */
static int open_model(lua_State *L)
{
    const struct opening *opening = lua_touserdata(L, 1);
    lua_getglobal(L, "require");
    lua_pushstring(L, opening->module);
    lua_call(L, 1, 1);
    lua_getfield(L, -1, "new");
    lua_createtable(L, 0, 3);
    host_push(L);
    if (opening->world_path) {
        push_world(L, opening);
        lua_setfield(L, -3, "world");
    }
    lua_setfield(L, -2, "host");
    lua_pushstring(L, opening->base_url);
    lua_setfield(L, -2, "base_url");
    lua_call(L, 1, 1);
    lua_setfield(L, LUA_REGISTRYINDEX, MODEL);
    return 0;
}

static bool read_world(struct opening *opening)
{
    struct fault fault;
    if (!opening->world_path || file_read(opening->world_path, &opening->world, NULL, &fault))
        return true;
    fprintf(stderr, "cpi-server: %s\n", fault.text);
    return false;
}

struct route *route_open(const char *module, const char *world, const char *base_url)
{
    struct opening opening = { module, world, base_url, buf_new(0) };
    struct route *route = calloc(1, sizeof *route);
    bool open = false;
    if (route && read_world(&opening) && (route->L = host_new(&(struct host_options){ 0 }))) {
        lua_pushcfunction(route->L, open_model);
        lua_pushlightuserdata(route->L, &opening);
        open = lua_pcall(route->L, 1, 0, 0) == LUA_OK; /* a wrong world is no bug: no traceback */
        if (!open)
            fprintf(stderr, "cpi-server: %s\n", luaL_tolstring(route->L, -1, NULL));
    }
    buf_free(&opening.world);
    if (open)
        return route;
    route_close(route);
    return NULL;
}

void route_close(struct route *route)
{
    if (!route)
        return;
    if (route->L)
        host_close(route->L);
    free(route);
}

/* Into the table on top, under the name in lower case; several of one name are joined as one list. */
static void add_header(lua_State *L, const char *name, const char *value)
{
    luaL_Buffer lower;
    luaL_buffinit(L, &lower);
    for (; *name; name++)
        luaL_addchar(&lower, (char)(*name >= 'A' && *name <= 'Z' ? *name + 'a' - 'A' : *name));
    luaL_pushresult(&lower);
    lua_pushvalue(L, -1);
    if (lua_rawget(L, -3) == LUA_TSTRING)
        lua_pushfstring(L, "%s, %s", lua_tostring(L, -1), value);
    else
        lua_pushstring(L, value);
    lua_remove(L, -2);
    lua_rawset(L, -3);
}

static void push_upload(lua_State *L, const struct upload_file *file)
{
    lua_createtable(L, 0, 4);
    lua_pushinteger(L, (lua_Integer)file->size);
    lua_setfield(L, -2, "size");
    lua_pushstring(L, file->sha256);
    lua_setfield(L, -2, "sha256");
    lua_pushstring(L, file->filename);
    lua_setfield(L, -2, "filename");
    lua_pushlstring(L, (const char *)file->head, file->head_size);
    lua_setfield(L, -2, "head");
}

struct header_list {
    struct { const char *name, *value; } items[64];
    size_t count;
};

/* Collected first: Lua must not leave through libmicrohttpd's frames. */
static void collect_header(void *context, const char *name, const char *value)
{
    struct header_list *list = context;
    if (list->count < sizeof list->items / sizeof list->items[0]) {
        list->items[list->count].name = name;
        list->items[list->count++].value = value;
    }
}

static void push_request(lua_State *L, const struct request *request)
{
    struct header_list headers = { .count = 0 };
    daemon_headers(request, collect_header, &headers);
    lua_createtable(L, 0, 7);
    lua_pushstring(L, strcmp(request->method, "HEAD") == 0 ? "GET" : request->method); /* the body is left out later */
    lua_setfield(L, -2, "method");
    lua_pushstring(L, request->path);
    lua_setfield(L, -2, "path");
    lua_pushstring(L, request->query);
    lua_setfield(L, -2, "query");
    lua_pushlstring(L, request->body, request->body_size);
    lua_setfield(L, -2, "body");
    lua_pushstring(L, request->client);
    lua_setfield(L, -2, "client");
    lua_newtable(L);
    for (size_t i = 0; i < headers.count; i++)
        add_header(L, headers.items[i].name, headers.items[i].value);
    lua_setfield(L, -2, "headers");
    if (request->upload) {
        push_upload(L, request->upload);
        lua_setfield(L, -2, "upload");
    }
}

/* Members of the answer at the top of the stack. */
static bool answer_flag(lua_State *L, const char *name)
{
    lua_getfield(L, -1, name);
    bool set = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return set;
}

static double answer_number(lua_State *L, const char *name, double absent)
{
    int is_number = 1;
    double number = absent;
    if (lua_getfield(L, -1, name) != LUA_TNIL)
        number = lua_tonumberx(L, -1, &is_number);
    if (!is_number || !(number >= 0))
        luaL_error(L, "the answer's %s is no number that can be used", name);
    lua_pop(L, 1);
    return number;
}

static const char *answer_text(lua_State *L, const char *name, size_t *size)
{
    int type = lua_getfield(L, -1, name);
    if (type != LUA_TNIL && type != LUA_TSTRING)
        luaL_error(L, "the answer's %s is a %s, not a string", name, lua_typename(L, type));
    const char *text = lua_tolstring(L, -1, size);
    lua_pop(L, 1); /* the answer still holds it */
    return text;
}

static void take_headers(lua_State *L, struct reply *reply)
{
    if (lua_getfield(L, -1, "headers") == LUA_TTABLE)
        for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
            if (lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != LUA_TSTRING)
                luaL_error(L, "the answer's headers are not all strings");
            if (!reply_header(reply, lua_tostring(L, -2), lua_tostring(L, -1)))
                luaL_error(L, "not enough memory");
        }
    lua_pop(L, 1);
}

/* file = path, with offset and length: what of it is the body. */
static void take_file(lua_State *L, struct reply *reply)
{
    const char *path = answer_text(L, "file", NULL);
    if (!path)
        return;
    reply->file_offset = (uint64_t)answer_number(L, "offset", 0);
    reply->file_length = (uint64_t)answer_number(L, "length", 0);
    reply->file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW);
    reply->has_file = reply->file >= 0;
    if (!reply->has_file)
        luaL_error(L, "the answer's file cannot be opened: %s", strerror(errno));
}

static void take_answer(lua_State *L, struct reply *reply)
{
    size_t size = 0;
    luaL_checktype(L, -1, LUA_TTABLE);
    const char *type = answer_text(L, "type", NULL), *body = answer_text(L, "body", &size);
    double status = answer_number(L, "status", 200);
    if (!reply_set(reply, (unsigned)status, type, body ? body : "", size))
        luaL_error(L, "not enough memory");
    take_headers(L, reply);
    reply->drop = answer_flag(L, "drop");
    reply->hang = answer_flag(L, "hang");
    reply->cut = answer_flag(L, "truncate");
    if (reply->cut)
        reply->cut_after = (size_t)answer_number(L, "truncate", 0);
    reply->delay = answer_number(L, "delay", 0);
    take_file(L, reply);
}

static int answer(lua_State *L)
{
    const struct asking *asking = lua_touserdata(L, 1);
    push_member(L, "http");
    push_request(L, asking->request);
    lua_call(L, 1, 1);
    take_answer(L, asking->reply);
    return 0;
}

void route_answer(void *context, const struct request *request, struct reply *reply)
{
    struct route *route = context;
    struct asking asking = { request, reply };
    if (protect(route, answer, &asking))
        return;
    size_t size = 0;
    const char *words = lua_tolstring(route->L, -1, &size);
    reply_clear(reply);
    reply_set(reply, 500, "text/plain;charset=utf-8", words ? words : "", words ? size : 0);
}

struct member {
    const char *name;
    char *text;
};

static int copy_member(lua_State *L)
{
    struct member *member = lua_touserdata(L, 1);
    push_member(L, member->name);
    const char *text = lua_tostring(L, -1);
    member->text = text ? strdup(text) : NULL;
    return 0;
}

char *route_text(struct route *route, const char *name)
{
    struct member member = { name, NULL };
    return protect(route, copy_member, &member) ? member.text : NULL;
}

struct greeting {
    const char *endpoint;
    char *line;
};

static int greet(lua_State *L)
{
    struct greeting *greeting = lua_touserdata(L, 1);
    host_push(L);
    lua_getfield(L, -1, "json");
    lua_getfield(L, -1, "encode");
    lua_createtable(L, 0, 2);
    push_member(L, "accounts");
    lua_setfield(L, -2, "accounts");
    lua_pushstring(L, greeting->endpoint);
    lua_setfield(L, -2, "endpoint");
    lua_call(L, 1, 1);
    greeting->line = strdup(luaL_checkstring(L, -1));
    return 0;
}

char *route_greeting(struct route *route, const char *endpoint)
{
    struct greeting greeting = { endpoint, NULL };
    return protect(route, greet, &greeting) ? greeting.line : NULL;
}

/* next_due() -> seconds; what is due is done by tick(). */
static int tick(lua_State *L)
{
    double *seconds = lua_touserdata(L, 1);
    for (int twice = 0; twice < 2; twice++) {
        push_member(L, "next_due");
        lua_call(L, 0, 1);
        *seconds = lua_isnil(L, -1) ? *seconds : luaL_checknumber(L, -1);
        if (lua_isnil(L, -1) || *seconds > 0 || twice)
            break;
        push_member(L, "tick");
        lua_call(L, 0, 0);
    }
    return 0;
}

double route_tick(struct route *route)
{
    const double seldom = 3600, soon = 0.001, after_a_bug = 1;
    double seconds = seldom;
    if (!protect(route, tick, &seconds))
        return after_a_bug;
    return seconds < soon ? soon : seconds > seldom ? seldom : seconds;
}

static const char *event_text(lua_State *L, const char *name)
{
    if (lua_getfield(L, -1, name) != LUA_TSTRING)
        luaL_error(L, "an event's %s is no string", name);
    const char *text = lua_tostring(L, -1);
    lua_pop(L, 1); /* the event still holds it */
    return text;
}

/* Pushes an array of "NAME=value" for C; its strings are in a table that is pushed below it. */
static const char **push_environment(lua_State *L)
{
    lua_Integer count = 0;
    lua_newtable(L);
    if (lua_getfield(L, -2, "environment") == LUA_TTABLE)
        for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
            if (lua_type(L, -2) != LUA_TSTRING)
                luaL_error(L, "an event's environment has a name that is no string");
            const char *value = luaL_tolstring(L, -1, NULL);
            lua_pushfstring(L, "%s=%s", lua_tostring(L, -3), value);
            lua_rawseti(L, -6, ++count);
            lua_pop(L, 1);
        }
    lua_pop(L, 1);
    const char **environment = lua_newuserdatauv(L, (size_t)(count + 1) * sizeof *environment, 0);
    for (lua_Integer i = 0; i < count; i++) {
        lua_rawgeti(L, -2, i + 1);
        environment[i] = lua_tostring(L, -1);
        lua_pop(L, 1);
    }
    environment[count] = NULL;
    return environment;
}

static int take_events(lua_State *L)
{
    struct guests *guests = lua_touserdata(L, 1);
    push_member(L, "events");
    lua_call(L, 0, 1);
    if (!guests || lua_isnil(L, -1))
        return 0;
    for (lua_Integer i = 1; lua_geti(L, -1, i) == LUA_TTABLE; i++) {
        struct guest_event event = {
            .name = event_text(L, "event"), .vm_id = event_text(L, "vm_id"), .vm_name = event_text(L, "vm_name"),
        };
        event.environment = push_environment(L);
        if (!guests_take(guests, &event))
            luaL_error(L, "not enough memory");
        lua_pop(L, 3);
    }
    return 0;
}

void route_events(struct route *route, struct guests *guests)
{
    protect(route, take_events, guests);
}
