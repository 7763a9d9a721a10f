/*
 * From JSON to Lua, by lua-cjson: no other file knows it or its limits.
 *
 * cjson loses what a response must keep: [] becomes {}, whole numbers become floats, digits beyond 2^53 are
 * gone, and invalid UTF-8 passes. All of it is lost inside cjson.decode. So the text is checked first, and what would be
 * lost is marked in it (base/jsonmark.h); one walk over the result turns the marks back.
 */
#include "json_decode.h"

#include "api.h"
#include "json_kind.h"

#include "../base/jsonmark.h"
#include "../base/jsontext.h"

#include <stdlib.h>

int luaopen_cjson(lua_State *L);

static const char cjson_decode; /* its address is the key in the registry */

/* A number, exact to 64 bits, else a float; or the empty array. */
static void push_marked_value(lua_State *L, const char *digits)
{
    if (*digits) {
        lua_stringtonumber(L, digits);
        return;
    }
    lua_newtable(L);
    json_mark_array(L, -1);
}

static void restore_table(lua_State *L);

/* Replaces the value on the top by what it stands for; returns whether that is another one. */
static bool restore(lua_State *L)
{
    const char *text;

    switch (lua_type(L, -1)) {
    case LUA_TTABLE:
        restore_table(L);
        return false;
    case LUA_TNUMBER: /* only whole numbers are left unmarked */
        lua_pushinteger(L, (lua_Integer)lua_tonumber(L, -1));
        break;
    case LUA_TSTRING:
        text = lua_tostring(L, -1);
        if (text[0] != JSONMARK)
            return false;
        push_marked_value(L, text + 1);
        break;
    default: /* cjson's null is ours */
        return false;
    }
    lua_remove(L, -2);
    return true;
}

static void restore_array(lua_State *L, lua_Integer length)
{
    for (lua_Integer i = 1; i <= length; i++) {
        lua_rawgeti(L, -1, i);
        if (restore(L))
            lua_rawseti(L, -2, i);
        else
            lua_pop(L, 1);
    }
    json_mark_array(L, -1);
}

static void restore_object(lua_State *L)
{
    for (lua_pushnil(L); lua_next(L, -2);) {
        if (restore(L)) {
            lua_pushvalue(L, -2);
            lua_insert(L, -2);
            lua_rawset(L, -4); /* an assignment to a field that is there does not disturb lua_next */
        } else {
            lua_pop(L, 1);
        }
    }
}

/* Keys of an object are strings, so a table that has an element 1 was an array. */
static void restore_table(lua_State *L)
{
    luaL_checkstack(L, 8, "too deep");
    lua_Unsigned length = lua_rawlen(L, -1);
    if (length > 0)
        restore_array(L, (lua_Integer)length);
    else
        restore_object(L);
}

/* Pushes the text in the form in which cjson loses nothing of it, or the reason why it has none. */
static bool push_marked(lua_State *L, const char *text, size_t length)
{
    struct buf *marked = api_push_buf(L);
    struct fault fault;
    bool ok = jsonmark(text, length, marked, &fault);

    if (!ok)
        lua_pushstring(L, fault.text);
    else if (marked->length > 0)
        lua_pushlstring(L, marked->bytes, marked->length);
    else
        lua_pushlstring(L, text, length);
    buf_wipe(marked);
    lua_remove(L, -2);
    return ok;
}

bool json_decode(lua_State *L, const char *text, size_t length)
{
    luaL_checkstack(L, 8, NULL);
    if (!push_marked(L, text, length))
        return false;
    lua_rawgetp(L, LUA_REGISTRYINDEX, &cjson_decode);
    lua_insert(L, -2);
    /* cjson ends the process when its one buffer, as long as the text, cannot be allocated, so we try first. */
    void *probe = malloc(lua_rawlen(L, -1) + 1);
    if (!probe)
        luaL_error(L, "not enough memory");
    free(probe);
    lua_call(L, 1, 1);
    restore(L);
    return true;
}

void json_decode_open(lua_State *L)
{
    lua_pushcfunction(L, luaopen_cjson);
    lua_call(L, 0, 1);
    lua_getfield(L, -1, "decode_max_depth");
    lua_pushinteger(L, JSONTEXT_DEPTH);
    lua_call(L, 1, 0);
    lua_getfield(L, -1, "decode");
    lua_rawsetp(L, LUA_REGISTRYINDEX, &cjson_decode);
    lua_pop(L, 1);
}
