/* The Lua model behind a daemon: opened, asked for its members, its time and its events. */
#include "model.h"

#include "../base/buf.h"
#include "../base/file.h"
#include "../host.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MODEL "server.model"
#define LARGEST_WORLD (64 << 20)

struct model {
    lua_State *L;
};

/* What a protected function works on; whatever it holds is freed outside, for Lua may leave in between. */
struct opening {
    const char *module;
    const struct model_options *options;
    struct buf world;
};

bool model_protect(struct model *model, lua_CFunction function, void *context)
{
    lua_settop(model->L, 0);
    lua_pushcfunction(model->L, function);
    lua_pushlightuserdata(model->L, context);
    return host_call(model->L, 1, 0) == LUA_OK;
}

lua_State *model_state(struct model *model)
{
    return model->L;
}

void model_push_member(lua_State *L, const char *name)
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
    const char *text = buf_string(&opening->world), *path = opening->options->world;
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
        luaL_error(L, "world file %s: a %s is not a world", path, luaL_typename(L, -1));
}

static void set_text(lua_State *L, const char *name, const char *text)
{
    lua_pushstring(L, text);
    lua_setfield(L, -2, name);
}

/* Absent when it is false: a model without such an option does not hear of it. */
static void set_flag(lua_State *L, const char *name, bool flag)
{
    if (!flag)
        return;
    lua_pushboolean(L, true);
    lua_setfield(L, -2, name);
}

/* require(module).new{ host=, world=, base_url=, ... }, kept in the registry. */
static int open_model(lua_State *L)
{
    const struct opening *opening = lua_touserdata(L, 1);
    lua_getglobal(L, "require");
    lua_pushstring(L, opening->module);
    lua_call(L, 1, 1);
    lua_getfield(L, -1, "new");
    lua_createtable(L, 0, 6);
    host_push(L);
    if (opening->options->world) {
        push_world(L, opening);
        lua_setfield(L, -3, "world");
    }
    lua_setfield(L, -2, "host");
    set_text(L, "base_url", opening->options->base_url);
    set_text(L, "images", opening->options->images);
    set_flag(L, "strict", opening->options->strict);
    set_flag(L, "has_guests", opening->options->has_guests);
    lua_call(L, 1, 1);
    lua_setfield(L, LUA_REGISTRYINDEX, MODEL);
    return 0;
}

static bool read_world(struct opening *opening)
{
    struct fault fault;
    if (!opening->options->world || file_read_argument(opening->options->world, &opening->world, &fault))
        return true;
    fprintf(stderr, "cpi-server: %s\n", fault.text);
    return false;
}

struct model *model_open(const char *module, const struct model_options *options)
{
    struct opening opening = { module, options, buf_new(LARGEST_WORLD) };
    struct model *model = calloc(1, sizeof *model);
    bool open = false;
    if (model && read_world(&opening) && (model->L = host_new(&(struct host_options){ 0 }))) {
        lua_pushcfunction(model->L, open_model);
        lua_pushlightuserdata(model->L, &opening);
        open = lua_pcall(model->L, 1, 0, 0) == LUA_OK; /* a wrong world is not a bug: no traceback */
        if (!open)
            fprintf(stderr, "cpi-server: %s\n", luaL_tolstring(model->L, -1, NULL));
    }
    buf_free(&opening.world);
    if (open)
        return model;
    model_close(model);
    return NULL;
}

void model_close(struct model *model)
{
    if (!model)
        return;
    if (model->L)
        host_close(model->L);
    free(model);
}

struct member {
    const char *name;
    char *text;
};

static int copy_member(lua_State *L)
{
    struct member *member = lua_touserdata(L, 1);
    model_push_member(L, member->name);
    const char *text = lua_tostring(L, -1);
    member->text = text ? strdup(text) : NULL;
    return 0;
}

char *model_text(struct model *model, const char *name)
{
    struct member member = { name, NULL };
    return model_protect(model, copy_member, &member) ? member.text : NULL;
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
    model_push_member(L, "accounts");
    lua_setfield(L, -2, "accounts");
    lua_pushstring(L, greeting->endpoint);
    lua_setfield(L, -2, "endpoint");
    lua_call(L, 1, 1);
    greeting->line = strdup(luaL_checkstring(L, -1));
    return 0;
}

char *model_greeting(struct model *model, const char *endpoint)
{
    struct greeting greeting = { endpoint, NULL };
    return model_protect(model, greet, &greeting) ? greeting.line : NULL;
}

/* next_due() -> seconds; what is due is done by tick(). */
static int tick(lua_State *L)
{
    double *seconds = lua_touserdata(L, 1);
    for (int twice = 0; twice < 2; twice++) {
        model_push_member(L, "next_due");
        lua_call(L, 0, 1);
        *seconds = lua_isnil(L, -1) ? *seconds : luaL_checknumber(L, -1);
        if (lua_isnil(L, -1) || *seconds > 0 || twice)
            break;
        model_push_member(L, "tick");
        lua_call(L, 0, 0);
    }
    return 0;
}

double model_tick(struct model *model)
{
    const double seldom = 3600, soon = 0.001, after_a_bug = 1;
    double seconds = seldom;
    if (!model_protect(model, tick, &seconds))
        return after_a_bug;
    return seconds < soon ? soon : seconds > seldom ? seldom : seconds;
}

static const char *event_text(lua_State *L, const char *name)
{
    if (lua_getfield(L, -1, name) != LUA_TSTRING)
        luaL_error(L, "an event's %s is not a string", name);
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
                luaL_error(L, "an event's environment has a name that is not a string");
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
    model_push_member(L, "events");
    lua_call(L, 0, 1);
    if (!guests || lua_isnil(L, -1))
        return 0;
    for (lua_Integer i = 1; lua_geti(L, -1, i) == LUA_TTABLE; i++) {
        struct guest_event event = {
            .name = event_text(L, "event"), .vm_id = event_text(L, "vm_id"), .vm_name = event_text(L, "vm_name"),
        };
        lua_getfield(L, -1, "number");
        event.number = luaL_checkinteger(L, -1);
        lua_pop(L, 1);
        event.environment = push_environment(L);
        if (!guests_take(guests, &event))
            luaL_error(L, "not enough memory");
        lua_pop(L, 3);
    }
    return 0;
}

void model_events(struct model *model, struct guests *guests)
{
    model_protect(model, take_events, guests);
}

static int guest_did(lua_State *L)
{
    const long long *number = lua_touserdata(L, 1);
    model_push_member(L, "guest_did");
    lua_pushinteger(L, *number);
    lua_call(L, 1, 0);
    return 0;
}

void model_guest_did(struct model *model, long long number)
{
    model_protect(model, guest_did, &number);
}
