/* host.files: what an operator's files say, and files that are made for them. */
#include "api.h"

#include "../base/clock.h"
#include "../base/file.h"
#include "../base/line_file.h"
#include "../base/public_file.h"
#include "../base/readonly.h"

#include <lualib.h>
#include <string.h>

#define LARGEST (32 << 20)

static int push_text(lua_State *L, bool is_argument)
{
    const char *path = luaL_checkstring(L, 1);
    struct buf *text = api_push_buf(L);
    struct fault fault;
    bool missing = false;

    *text = buf_new(LARGEST);
    if (!(is_argument ? file_read_argument(path, text, &fault) : file_read(path, text, &missing, &fault))) {
        api_refuse(L, &fault);
        lua_pushboolean(L, missing);
        return 3;
    }
    lua_pushlstring(L, buf_string(text), text->length);
    return 1;
}

/* read(path) -> text | nil, why, whether the file does not exist. A regular file of at most 32 MB. */
static int read_text(lua_State *L)
{
    return push_text(L, false);
}

/* read_argument(path) -> text | nil, why. For a path of the command line, which may be a pipe or the terminal as well. */
static int read_argument(lua_State *L)
{
    return push_text(L, true);
}

/* list(directory) -> its names, sorted, those of directories with a slash behind | nil, why */
static int list_names(lua_State *L)
{
    const char *path = luaL_checkstring(L, 1);
    struct buf *names = api_push_buf(L);
    struct fault fault;

    if (!file_list(path, names, &fault))
        return api_refuse(L, &fault);
    lua_newtable(L);
    lua_Integer count = 0;
    for (size_t at = 0; at < names->length; at += strlen(names->bytes + at) + 1) {
        lua_pushstring(L, names->bytes + at);
        lua_rawseti(L, -2, ++count);
    }
    lua_getglobal(L, LUA_TABLIBNAME);
    lua_getfield(L, -1, "sort");
    lua_pushvalue(L, -3);
    lua_call(L, 1, 0);
    lua_pop(L, 1);
    return 1;
}

/* create(path, text) -> true | nil, why. Only its owner can read it; an existing file is not overwritten. */
static int create(lua_State *L)
{
    size_t length;
    const char *path = luaL_checkstring(L, 1);
    const char *text = luaL_checklstring(L, 2, &length);
    struct fault fault;

    if (readonly_is_on())
        return luaL_error(L, "no file is made: only reads are allowed here");
    return api_done(L, file_create(path, text, length, &fault), &fault);
}

/* append(path, lines, most_bytes, most_seconds) -> true | nil, why. The file keeps within these bounds, see base/line_file.h. */
static int append(lua_State *L)
{
    size_t length;
    const char *path = luaL_checkstring(L, 1);
    const char *lines = luaL_checklstring(L, 2, &length);
    struct line_file_bounds bounds = {luaL_checkinteger(L, 3), luaL_checkinteger(L, 4)};
    struct fault fault;

    if (readonly_is_on())
        return luaL_error(L, "no file is written: only reads are allowed here");
    return api_done(L, line_file_append(path, lines, length, bounds, clock_utc(), &fault), &fault);
}

/* remove(path) -> true | nil, why */
static int remove_file(lua_State *L)
{
    struct fault fault;

    if (readonly_is_on())
        return luaL_error(L, "no file is removed: only reads are allowed here");
    return api_done(L, file_remove(luaL_checkstring(L, 1), &fault), &fault);
}

/* replace(path, text) -> true | nil, why. Everybody can read it; a reader sees what was there or all of the text. */
static int replace(lua_State *L)
{
    size_t length;
    const char *path = luaL_checkstring(L, 1);
    const char *text = luaL_checklstring(L, 2, &length);
    struct fault fault;

    if (readonly_is_on())
        return luaL_error(L, "no file is made: only reads are allowed here");
    return api_done(L, public_file_replace(path, text, length, &fault), &fault);
}

int api_open_files(lua_State *L)
{
    static const luaL_Reg functions[] = {{"append", append}, {"create", create}, {"list", list_names}, {"read", read_text},
                                        {"read_argument", read_argument}, {"remove", remove_file}, {"replace", replace},
                                        {NULL, NULL}};

    luaL_newlib(L, functions);
    return 1;
}
