/* host.store: key to text in named tables of a file. */
#include "api.h"

#include "../base/readonly.h"
#include "../base/store.h"

#include <string.h>

/* Opening makes the file when it does not exist, so it counts as writing. */
static bool may_write(struct fault *fault)
{
    return !readonly_is_on() || fault_set(fault, "the store is left alone: only reads are allowed here");
}

/* Pushes nil, the reason, and whether only another process is in the way. */
static int refuse(lua_State *L, const struct fault *fault)
{
    api_refuse(L, fault);
    lua_pushboolean(L, !readonly_is_on() && store_was_locked());
    return 3;
}

/* patience(seconds): how long a call waits where another process has the file locked */
static int patience(lua_State *L)
{
    lua_Number seconds = luaL_checknumber(L, 1);

    luaL_argcheck(L, seconds >= 0 && seconds <= 600, 1, "0 to 600 seconds");
    store_patience(seconds);
    return 0;
}

/* open(path) -> true | nil, why */
static int open_store(lua_State *L)
{
    const char *path = luaL_checkstring(L, 1);
    struct fault fault;

    return api_done(L, may_write(&fault) && store_open(path, &fault), &fault);
}

/* check(path) -> true | nil, why, whether it is only missing. Nothing is opened for good, and nothing is written. */
static int check_store(lua_State *L)
{
    const char *path = luaL_checkstring(L, 1);
    struct fault fault;
    bool missing;

    if (store_check(path, &missing, &fault)) {
        lua_pushboolean(L, 1);
        return 1;
    }
    if (missing)
        fault_set(&fault, "store %s: there is none yet", path);
    api_refuse(L, &fault);
    lua_pushboolean(L, missing);
    return 3;
}

static const char *check_table(lua_State *L)
{
    const char *table = luaL_checkstring(L, 1);

    if (!store_has_table(table))
        luaL_error(L, "the store has no table '%s'", table);
    return table;
}

/* get(table, key) -> text, or nil when there is no such key | nil, why, is locked */
static int get(lua_State *L)
{
    size_t key_length;
    const char *table = check_table(L);
    const char *key = luaL_checklstring(L, 2, &key_length);
    struct buf *value = api_push_buf(L);
    struct fault fault;
    bool found;

    if (!store_get(table, key, key_length, value, &found, &fault))
        return refuse(L, &fault);
    if (found)
        lua_pushlstring(L, buf_string(value), value->length);
    else
        lua_pushnil(L);
    return 1;
}

/* put(table, key, text) -> true | nil, why, is locked */
static int put(lua_State *L)
{
    size_t key_length, length;
    const char *table = check_table(L);
    const char *key = luaL_checklstring(L, 2, &key_length);
    const char *value = luaL_checklstring(L, 3, &length);
    struct fault fault;

    if (!may_write(&fault) || !store_put(table, key, key_length, value, length, &fault))
        return refuse(L, &fault);
    lua_pushboolean(L, 1);
    return 1;
}

/* replace(table, key, old, text) -> whether `old` was there and is replaced | nil, why */
static int replace(lua_State *L)
{
    size_t key_length, old_length, length;
    const char *table = check_table(L);
    const char *key = luaL_checklstring(L, 2, &key_length);
    const char *old = luaL_checklstring(L, 3, &old_length);
    const char *value = luaL_checklstring(L, 4, &length);
    struct fault fault;
    bool replaced;

    if (!may_write(&fault) ||
        !store_replace(table, key, key_length, old, old_length, value, length, &replaced, &fault))
        return api_refuse(L, &fault);
    lua_pushboolean(L, replaced);
    return 1;
}

/* delete(table, key) -> true | nil, why, is locked */
static int delete_key(lua_State *L)
{
    size_t key_length;
    const char *table = check_table(L);
    const char *key = luaL_checklstring(L, 2, &key_length);
    struct fault fault;

    if (!may_write(&fault) || !store_delete(table, key, key_length, &fault))
        return refuse(L, &fault);
    lua_pushboolean(L, 1);
    return 1;
}

/* Rows are gathered before Lua is asked for anything: an error of Lua's must not leave the statement open. */
static bool gather(void *context, const char *key, size_t key_length, const char *value, size_t length)
{
    struct buf *rows = context;

    buf_append(rows, &key_length, sizeof key_length);
    buf_append(rows, &length, sizeof length);
    buf_append(rows, key, key_length);
    return buf_append(rows, value, length);
}

static size_t read_size(const struct buf *rows, size_t *at)
{
    size_t size;

    memcpy(&size, rows->bytes + *at, sizeof size);
    *at += sizeof size;
    return size;
}

static void push_text(lua_State *L, const struct buf *rows, size_t *at, size_t length, const char *field)
{
    lua_pushlstring(L, rows->bytes + *at, length);
    lua_setfield(L, -2, field);
    *at += length;
}

/* rows(table) -> { { key=, value= }, ... } by order of the keys | nil, why */
static int rows_of(lua_State *L)
{
    const char *table = check_table(L);
    struct buf *rows = api_push_buf(L);
    struct fault fault;

    if (!store_each(table, gather, rows, &fault))
        return api_refuse(L, &fault);
    if (rows->failed)
        return luaL_error(L, "not enough memory");
    lua_newtable(L);
    lua_Integer count = 0;
    for (size_t at = 0; at < rows->length;) {
        size_t key_length = read_size(rows, &at), length = read_size(rows, &at);
        lua_createtable(L, 0, 2);
        push_text(L, rows, &at, key_length, "key");
        push_text(L, rows, &at, length, "value");
        lua_rawseti(L, -2, ++count);
    }
    return 1;
}

int api_open_store(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"check", check_store}, {"delete", delete_key}, {"get", get},   {"open", open_store},
        {"patience", patience}, {"put", put},           {"replace", replace}, {"rows", rows_of}, {NULL, NULL},
    };

    luaL_newlib(L, functions);
    return 1;
}
