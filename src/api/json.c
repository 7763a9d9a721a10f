/*
 * host.json: lua-cjson behind one door; no other file knows it, its null or its limits.
 *
 * cjson loses what a response must keep: [] becomes {}, whole numbers become floats, digits beyond 2^53 are
 * gone, and invalid UTF-8 passes. All of it is lost inside cjson.decode. So the text is checked first, and
 * where it has what would be lost it is decoded in a marked form (base/jsontext.h) that one walk over the result
 * turns back. Encoding walks the tables here, for sorted keys, marked arrays and exact numbers; the strings are
 * written here too, because cjson escapes every slash and would make user data longer.
 */
#include "json.h"

#include "api.h"

#include "../base/buf.h"
#include "../base/jsontext.h"
#include "../base/utf8.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_SIZE 200
#define TYPE_ENCODER "host.json.encoder"

int luaopen_cjson(lua_State *L);

/* Addresses are the keys in the registry. */
static const char array_mark, null_value, cjson_decode;

static void push_registered(lua_State *L, const char *key)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, key);
}

void json_push_null(lua_State *L)
{
    push_registered(L, &null_value);
}

bool json_is_array(lua_State *L, int index)
{
    if (!lua_istable(L, index) || !lua_getmetatable(L, index))
        return false;
    push_registered(L, &array_mark);
    bool same = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    return same;
}

static void mark_array(lua_State *L, int index)
{
    index = lua_absindex(L, index);
    push_registered(L, &array_mark);
    lua_setmetatable(L, index);
}

/* ---- decoding ------------------------------------------------------------------------------------------------- */

/* The number that a text of digits stands for, as Lua sees it: exact to 64 bits, else a float. */
static void push_number(lua_State *L, const char *token)
{
    if (!strpbrk(token, ".eE")) {
        errno = 0;
        long long whole = strtoll(token, NULL, 10);
        if (errno == 0) {
            lua_pushinteger(L, whole);
            return;
        }
    }
    lua_pushnumber(L, strtod(token, NULL));
}

static void restore_table(lua_State *L);

/* Replaces the value on the top by what it is; returns whether that is another one. */
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
    case LUA_TLIGHTUSERDATA:
        json_push_null(L);
        break;
    case LUA_TSTRING:
        text = lua_tostring(L, -1);
        if (text[0] != JSONTEXT_MARK)
            return false;
        push_number(L, text + 1);
        break;
    default:
        return false;
    }
    lua_remove(L, -2);
    return true;
}

static bool is_marked_empty(lua_State *L, lua_Unsigned length)
{
    if (length != 1)
        return false;
    bool marked = false;
    if (lua_rawgeti(L, -1, 1) == LUA_TSTRING) {
        size_t size;
        const char *text = lua_tolstring(L, -1, &size);
        marked = size == 1 && text[0] == JSONTEXT_MARK;
    }
    lua_pop(L, 1);
    return marked;
}

static void restore_array(lua_State *L, lua_Unsigned length)
{
    if (is_marked_empty(L, length)) {
        lua_pushnil(L);
        lua_rawseti(L, -2, 1);
    } else {
        for (lua_Integer i = 1; i <= (lua_Integer)length; i++) {
            lua_rawgeti(L, -1, i);
            if (restore(L))
                lua_rawseti(L, -2, i);
            else
                lua_pop(L, 1);
        }
    }
    mark_array(L, -1);
}

/* Keys of an object are strings, so a table that has an element 1 was an array. */
static void restore_table(lua_State *L)
{
    luaL_checkstack(L, 8, "too deep");
    lua_Unsigned length = lua_rawlen(L, -1);
    if (length > 0) {
        restore_array(L, length);
        return;
    }
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

/* Pushes the text in the form in which cjson loses nothing of it. */
static void push_marked(lua_State *L, const char *text, size_t length, size_t marked_size)
{
    luaL_Buffer buffer;

    if (marked_size == length) {
        lua_pushlstring(L, text, length);
        return;
    }
    char *room = luaL_buffinitsize(L, &buffer, marked_size);
    luaL_pushresultsize(&buffer, jsontext_mark(text, length, room));
}

bool json_decode(lua_State *L, const char *text, size_t length)
{
    struct fault fault;
    size_t marked_size;

    luaL_checkstack(L, 8, NULL);
    if (!jsontext_check(text, length, &marked_size, &fault)) {
        lua_pushstring(L, fault.text);
        return false;
    }
    push_registered(L, &cjson_decode);
    push_marked(L, text, length, marked_size);
    /* cjson ends the process when its one buffer, as long as the text, is not to be had: better to ask first. */
    void *probe = malloc(marked_size + 1);
    if (!probe)
        luaL_error(L, "not enough memory");
    free(probe);
    lua_call(L, 1, 1);
    restore(L);
    return true;
}

static int decode(lua_State *L)
{
    size_t length;
    const char *text = luaL_checklstring(L, 1, &length);

    lua_settop(L, 1);
    if (json_decode(L, text, length))
        return 1;
    lua_pushnil(L);
    lua_insert(L, -2);
    return 2;
}

/* ---- encoding ------------------------------------------------------------------------------------------------ */

struct encoder {
    struct buf out;
    unsigned depth;
    char path[PATH_SIZE]; /* where in the document we are, for messages */
    size_t path_length;
};

struct key {
    const char *text;
    size_t length;
};

static int free_encoder(lua_State *L)
{
    struct encoder *encoder = luaL_checkudata(L, 1, TYPE_ENCODER);

    buf_free(&encoder->out);
    return 0;
}

static void refuse(lua_State *L, struct encoder *encoder, const char *what)
{
    luaL_error(L, "cannot encode %s%s%s", what, encoder->path_length ? " at " : "", encoder->path);
}

/* Goes one step down; returns what to give to leave(). */
static size_t enter(struct encoder *encoder, const char *step)
{
    size_t before = encoder->path_length;
    int length = snprintf(encoder->path + before, PATH_SIZE - before, "%s%s", before && *step != '[' ? "." : "", step);
    size_t after = before + (size_t)length;

    encoder->path_length = after < PATH_SIZE ? after : PATH_SIZE - 1;
    return before;
}

static void leave(struct encoder *encoder, size_t before)
{
    encoder->path_length = before;
    encoder->path[before] = '\0';
}

static void append_string(lua_State *L, struct encoder *encoder, const char *text, size_t length)
{
    static const char plain[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
    struct buf *out = &encoder->out;
    size_t from = 0;

    if (utf8_valid_length(text, length) != length)
        refuse(L, encoder, "a string that is no UTF-8");
    buf_byte(out, '"');
    for (size_t at = 0; at < length; at++) {
        char c = text[at];
        if (c != '"' && c != '\\' && (unsigned char)c >= 0x20)
            continue;
        buf_append(out, text + from, at - from);
        const char *found = c ? strchr(plain, c) : NULL;
        if (found)
            buf_format(out, "\\%c", letters[found - plain]);
        else
            buf_format(out, "\\u%04x", (unsigned)c);
        from = at + 1;
    }
    buf_append(out, text + from, length - from);
    buf_byte(out, '"');
}

/* The shortest digits that read back as the same float, and as a float. */
static void append_float(lua_State *L, struct encoder *encoder, lua_Number number)
{
    char text[40];

    if (isnan(number) || isinf(number))
        refuse(L, encoder, "a number that is not finite");
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, number);
        if (strtod(text, NULL) == number)
            break;
    }
    buf_text(&encoder->out, text);
    if (!strpbrk(text, ".e"))
        buf_text(&encoder->out, ".0");
}

static void append_value(lua_State *L, struct encoder *encoder);

/* Number of keys; *integers tells that all of them are 1..n, *strings that all of them are strings. */
static size_t count_keys(lua_State *L, bool *integers, bool *strings)
{
    size_t count = 0;
    lua_Integer greatest = 0;

    *integers = *strings = true;
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
        count++;
        *strings = *strings && lua_type(L, -2) == LUA_TSTRING;
        lua_Integer key = lua_isinteger(L, -2) ? lua_tointeger(L, -2) : 0;
        *integers = *integers && key > 0;
        if (key > greatest)
            greatest = key;
    }
    *integers = *integers && (size_t)greatest == count;
    return count;
}

static void append_array(lua_State *L, struct encoder *encoder, size_t count)
{
    buf_byte(&encoder->out, '[');
    for (size_t i = 1; i <= count; i++) {
        char step[32];
        if (i > 1)
            buf_byte(&encoder->out, ',');
        snprintf(step, sizeof step, "[%zu]", i);
        size_t before = enter(encoder, step);
        lua_rawgeti(L, -1, (lua_Integer)i);
        append_value(L, encoder);
        lua_pop(L, 1);
        leave(encoder, before);
    }
    buf_byte(&encoder->out, ']');
}

static int by_bytes(const void *a, const void *b)
{
    const struct key *left = a, *right = b;
    size_t common = left->length < right->length ? left->length : right->length;
    int order = memcmp(left->text, right->text, common);

    if (order != 0)
        return order;
    return left->length < right->length ? -1 : left->length > right->length;
}

/* Pushes a block of the table's keys, sorted; the table keeps their bytes alive. */
static struct key *push_sorted_keys(lua_State *L, size_t count)
{
    struct key *keys = lua_newuserdatauv(L, count * sizeof *keys + 1, 0);
    size_t i = 0;

    lua_pushnil(L);
    while (lua_next(L, -3)) {
        lua_pop(L, 1);
        keys[i].text = lua_tolstring(L, -1, &keys[i].length);
        i++;
    }
    qsort(keys, count, sizeof *keys, by_bytes);
    return keys;
}

static void append_object(lua_State *L, struct encoder *encoder, size_t count)
{
    struct key *keys = push_sorted_keys(L, count);

    buf_byte(&encoder->out, '{');
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buf_byte(&encoder->out, ',');
        size_t before = enter(encoder, keys[i].text);
        append_string(L, encoder, keys[i].text, keys[i].length);
        buf_byte(&encoder->out, ':');
        lua_pushlstring(L, keys[i].text, keys[i].length);
        lua_rawget(L, -3);
        append_value(L, encoder);
        lua_pop(L, 1);
        leave(encoder, before);
    }
    buf_byte(&encoder->out, '}');
    lua_pop(L, 1);
}

static void append_table(lua_State *L, struct encoder *encoder)
{
    bool integers, strings, marked = json_is_array(L, -1);
    size_t count = count_keys(L, &integers, &strings);

    if (encoder->depth == JSONTEXT_DEPTH)
        refuse(L, encoder, "what is nested too deeply");
    encoder->depth++;
    luaL_checkstack(L, 8, NULL);
    if (marked && !integers)
        refuse(L, encoder, "an array with a hole or with keys");
    else if (marked || (count > 0 && integers))
        append_array(L, encoder, count);
    else if (strings)
        append_object(L, encoder, count);
    else
        refuse(L, encoder, "a table that is neither a list nor has only strings as keys");
    encoder->depth--;
}

/* Appends the value on the top. */
static void append_value(lua_State *L, struct encoder *encoder)
{
    size_t length;
    const char *text;

    switch (lua_type(L, -1)) {
    case LUA_TNIL:
        buf_text(&encoder->out, "null");
        break;
    case LUA_TBOOLEAN:
        buf_text(&encoder->out, lua_toboolean(L, -1) ? "true" : "false");
        break;
    case LUA_TNUMBER:
        if (lua_isinteger(L, -1))
            buf_format(&encoder->out, "%lld", (long long)lua_tointeger(L, -1));
        else
            append_float(L, encoder, lua_tonumber(L, -1));
        break;
    case LUA_TSTRING:
        text = lua_tolstring(L, -1, &length);
        append_string(L, encoder, text, length);
        break;
    case LUA_TTABLE:
        append_table(L, encoder);
        break;
    default:
        json_push_null(L);
        bool is_null = lua_rawequal(L, -1, -2);
        lua_pop(L, 1);
        if (!is_null)
            refuse(L, encoder, lua_pushfstring(L, "a %s", luaL_typename(L, -1)));
        buf_text(&encoder->out, "null");
    }
    if (encoder->out.failed)
        luaL_error(L, "not enough memory");
}

void json_encode(lua_State *L, int index)
{
    index = lua_absindex(L, index);
    luaL_checkstack(L, 8, NULL);
    struct encoder *encoder = api_push_owner(L, sizeof *encoder, TYPE_ENCODER, free_encoder);
    lua_pushvalue(L, index);
    append_value(L, encoder);
    lua_pop(L, 1);
    lua_pushlstring(L, buf_string(&encoder->out), encoder->out.length);
    buf_free(&encoder->out);
    lua_remove(L, -2);
}

static int encode(lua_State *L)
{
    luaL_checkany(L, 1);
    json_encode(L, 1);
    return 1;
}

/* ---- the module ---------------------------------------------------------------------------------------------- */

/* array(t) -> t, marked; array() -> a new one */
static int array(lua_State *L)
{
    if (lua_isnoneornil(L, 1)) {
        lua_settop(L, 0);
        lua_newtable(L);
    }
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    mark_array(L, 1);
    return 1;
}

static int is_array(lua_State *L)
{
    luaL_checkany(L, 1);
    lua_pushboolean(L, json_is_array(L, 1));
    return 1;
}

static int null_text(lua_State *L)
{
    lua_pushliteral(L, "null");
    return 1;
}

static void register_null(lua_State *L)
{
    lua_newuserdatauv(L, 0, 0);
    lua_createtable(L, 0, 2);
    lua_pushcfunction(L, null_text);
    lua_setfield(L, -2, "__tostring");
    lua_pushliteral(L, "json.null");
    lua_setfield(L, -2, "__name");
    lua_setmetatable(L, -2);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &null_value);
}

static void register_array_mark(lua_State *L)
{
    lua_createtable(L, 0, 1);
    lua_pushliteral(L, "json.array");
    lua_setfield(L, -2, "__name");
    lua_rawsetp(L, LUA_REGISTRYINDEX, &array_mark);
}

static void set_option(lua_State *L, const char *name, int value)
{
    lua_getfield(L, -1, name);
    lua_pushinteger(L, value);
    lua_call(L, 1, 0);
}

static void register_decoder(lua_State *L)
{
    lua_pushcfunction(L, luaopen_cjson);
    lua_call(L, 0, 1);
    set_option(L, "decode_max_depth", JSONTEXT_DEPTH + 1); /* one for the mark in an empty array */
    lua_getfield(L, -1, "decode");
    lua_rawsetp(L, LUA_REGISTRYINDEX, &cjson_decode);
    lua_pop(L, 1);
}

int api_open_json(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"array", array}, {"decode", decode}, {"encode", encode}, {"is_array", is_array}, {NULL, NULL},
    };

    register_null(L);
    register_array_mark(L);
    register_decoder(L);
    luaL_newlib(L, functions);
    json_push_null(L);
    lua_setfield(L, -2, "null");
    return 1;
}
