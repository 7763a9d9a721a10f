/*
 * From Lua to JSON: sorted keys, marked arrays, exact numbers. cjson is of no use here: it sorts nothing, and it escapes
 * every slash, which would make user data longer.
 */
#include "json_encode.h"

#include "api.h"
#include "json_kind.h"

#include "../base/buf.h"
#include "../base/jsontext.h"
#include "../base/utf8.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_SIZE 200

/* Where in the document a value is: the steps to it live on the stack of C, the innermost one first. */
struct step {
    const struct step *above; /* NULL: the document itself */
    const char *key;          /* NULL: an element of an array */
    size_t index;
    unsigned depth;
};

struct key {
    const char *text;
    size_t length;
};

/* Writes the path to the step, cut to its room; returns its length. */
static size_t write_path(char path[PATH_SIZE], const struct step *step)
{
    if (!step->above)
        return 0;
    size_t at = write_path(path, step->above), room = PATH_SIZE - at;
    int length = step->key ? snprintf(path + at, room, "%s%s", at > 0 ? "." : "", step->key)
                           : snprintf(path + at, room, "[%zu]", step->index);
    return (size_t)length < room ? at + (size_t)length : PATH_SIZE - 1;
}

static void refuse(lua_State *L, const struct step *step, const char *what)
{
    char path[PATH_SIZE] = "";
    size_t length = write_path(path, step);

    luaL_error(L, "cannot encode %s%s%s", what, length > 0 ? " at " : "", path);
}

static void append_string(lua_State *L, struct buf *out, const struct step *step, const char *text, size_t length)
{
    static const char plain[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
    size_t from = 0;

    if (utf8_valid_length(text, length) != length)
        refuse(L, step, "a string that is not UTF-8");
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
static void append_float(lua_State *L, struct buf *out, const struct step *step, lua_Number number)
{
    char text[40];

    if (isnan(number) || isinf(number))
        refuse(L, step, "a number that is not finite");
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, number);
        if (strtod(text, NULL) == number)
            break;
    }
    buf_text(out, text);
    if (!strpbrk(text, ".e"))
        buf_text(out, ".0");
}

static void append_value(lua_State *L, struct buf *out, const struct step *step);

/* Returns the number of keys. *integers: all of them are 1..n; *strings: all of them are strings. */
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

static void append_array(lua_State *L, struct buf *out, const struct step *step, size_t count)
{
    buf_byte(out, '[');
    for (size_t i = 1; i <= count; i++) {
        const struct step below = {.above = step, .index = i, .depth = step->depth + 1};
        if (i > 1)
            buf_byte(out, ',');
        lua_rawgeti(L, -1, (lua_Integer)i);
        append_value(L, out, &below);
        lua_pop(L, 1);
    }
    buf_byte(out, ']');
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

static void append_object(lua_State *L, struct buf *out, const struct step *step, size_t count)
{
    struct key *keys = push_sorted_keys(L, count);

    buf_byte(out, '{');
    for (size_t i = 0; i < count; i++) {
        const struct step below = {.above = step, .key = keys[i].text, .depth = step->depth + 1};
        if (i > 0)
            buf_byte(out, ',');
        append_string(L, out, &below, keys[i].text, keys[i].length);
        buf_byte(out, ':');
        lua_pushlstring(L, keys[i].text, keys[i].length);
        lua_rawget(L, -3);
        append_value(L, out, &below);
        lua_pop(L, 1);
    }
    buf_byte(out, '}');
    lua_pop(L, 1);
}

static void append_table(lua_State *L, struct buf *out, const struct step *step)
{
    bool integers, strings, marked = json_is_array(L, -1);
    size_t count = count_keys(L, &integers, &strings);

    if (step->depth == JSONTEXT_DEPTH)
        refuse(L, step, "what is nested too deeply");
    luaL_checkstack(L, 8, NULL);
    if (marked && !integers)
        refuse(L, step, "an array with a hole or with keys");
    else if (marked || (count > 0 && integers))
        append_array(L, out, step, count);
    else if (strings)
        append_object(L, out, step, count);
    else
        refuse(L, step, "a table that is neither a list nor has only strings as keys");
}

/* Appends the value on the top. */
static void append_value(lua_State *L, struct buf *out, const struct step *step)
{
    size_t length;
    const char *text;

    switch (lua_type(L, -1)) {
    case LUA_TNIL:
        buf_text(out, "null");
        break;
    case LUA_TBOOLEAN:
        buf_text(out, lua_toboolean(L, -1) ? "true" : "false");
        break;
    case LUA_TNUMBER:
        if (lua_isinteger(L, -1))
            buf_format(out, "%lld", (long long)lua_tointeger(L, -1));
        else
            append_float(L, out, step, lua_tonumber(L, -1));
        break;
    case LUA_TSTRING:
        text = lua_tolstring(L, -1, &length);
        append_string(L, out, step, text, length);
        break;
    case LUA_TTABLE:
        append_table(L, out, step);
        break;
    default:
        if (!json_is_null(L, -1))
            refuse(L, step, lua_pushfstring(L, "a %s", luaL_typename(L, -1)));
        buf_text(out, "null");
    }
    if (out->failed)
        luaL_error(L, "not enough memory");
}

void json_encode(lua_State *L, int index)
{
    const struct step document = {0};

    index = lua_absindex(L, index);
    luaL_checkstack(L, 8, NULL);
    struct buf *out = api_push_buf(L);
    lua_pushvalue(L, index);
    append_value(L, out, &document);
    lua_pop(L, 1);
    lua_pushlstring(L, buf_string(out), out->length);
    buf_wipe(out);
    lua_remove(L, -2);
}
