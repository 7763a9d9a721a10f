/* host.workshop: what `cpi stemcell` makes files with: programs of this machine, members of tarballs, a directory of its own.
 * Only commands get it (src/command.c); nothing of it goes through a shell. */
#include "api.h"

#include "../base/archive.h"
#include "../base/clock.h"
#include "../base/file.h"
#include "../base/program.h"
#include "../base/workplace.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define TYPE_PROGRAM "host.workshop.program"
#define TYPE_UNPACKING "host.workshop.unpacking"
#define MOST_KEPT (1u << 20) /* bytes of what a program writes, to each of its outputs */
#define MOST_WORDS 64
#define CHUNK 65536
#define LOOK 16 /* chunks between two looks at the clock */

/* ---- programs ------------------------------------------------------------------------------------------------------- */

static int stop_program(lua_State *L)
{
    program_stop(luaL_checkudata(L, 1, TYPE_PROGRAM));
    return 0;
}

/* wait(program, seconds) -> nil while it runs, or { code= or signal=, output=, errors= } */
static int wait_program(lua_State *L)
{
    struct program *program = luaL_checkudata(L, 1, TYPE_PROGRAM);

    if (!program_wait(program, luaL_checknumber(L, 2))) {
        lua_pushnil(L);
        return 1;
    }
    lua_createtable(L, 0, 3);
    lua_pushinteger(L, WIFSIGNALED(program->status) ? WTERMSIG(program->status) : WEXITSTATUS(program->status));
    lua_setfield(L, -2, WIFSIGNALED(program->status) ? "signal" : "code");
    lua_pushlstring(L, buf_string(&program->kept[0]), program->kept[0].length);
    lua_setfield(L, -2, "output");
    lua_pushlstring(L, buf_string(&program->kept[1]), program->kept[1].length);
    lua_setfield(L, -2, "errors");
    return 1;
}

/* So far: what it wrote to stdout. */
static int output_of_program(lua_State *L)
{
    struct program *program = luaL_checkudata(L, 1, TYPE_PROGRAM);

    lua_pushlstring(L, buf_string(&program->kept[0]), program->kept[0].length);
    return 1;
}

/* A userdata with methods, whose `free` runs with its end. */
static void *push_object(lua_State *L, size_t size, const char *type, lua_CFunction free, const luaL_Reg *methods)
{
    void *object = api_push_owner(L, size, type, free);

    luaL_getmetatable(L, type);
    lua_pushcfunction(L, free);
    lua_setfield(L, -2, "__close");
    lua_newtable(L);
    luaL_setfuncs(L, methods, 0);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
    return object;
}

/* The words of the list at `index`, which stay Lua's. */
static void read_words(lua_State *L, int index, char *words[MOST_WORDS + 1])
{
    luaL_checktype(L, index, LUA_TTABLE);
    lua_Unsigned count = lua_rawlen(L, index);
    luaL_argcheck(L, count > 0 && count <= MOST_WORDS, index, "a program and its arguments are expected");
    for (lua_Unsigned i = 0; i < count; i++) {
        size_t length;
        lua_rawgeti(L, index, (lua_Integer)i + 1);
        luaL_argcheck(L, lua_type(L, -1) == LUA_TSTRING, index, "the words are strings");
        words[i] = (char *)lua_tolstring(L, -1, &length);
        luaL_argcheck(L, strlen(words[i]) == length, index, "a word has a NUL in it");
        lua_pop(L, 1); /* the table keeps it */
    }
    words[count] = NULL;
}

static const char *option(lua_State *L, int index, const char *name)
{
    if (lua_isnoneornil(L, index))
        return NULL;
    luaL_checktype(L, index, LUA_TTABLE);
    lua_getfield(L, index, name);
    luaL_argcheck(L, lua_isnil(L, -1) || lua_type(L, -1) == LUA_TSTRING, index, "an option is a string");
    const char *value = lua_tostring(L, -1);
    lua_pop(L, 1); /* the table keeps it */
    return value;
}

/* start(words [, { directory=, output= }]) -> a program that runs | nil, why */
static int start(lua_State *L)
{
    static const luaL_Reg methods[] = {{"wait", wait_program}, {"stop", stop_program}, {"output", output_of_program}, {NULL, NULL}};
    char *words[MOST_WORDS + 1];
    struct fault fault;

    lua_settop(L, 2);
    read_words(L, 1, words);
    const char *directory = option(L, 2, "directory"), *output = option(L, 2, "output");
    struct program *program = push_object(L, sizeof *program, TYPE_PROGRAM, stop_program, methods);
    *program = program_new(MOST_KEPT);
    if (!program_start(program, words, directory, output, &fault))
        return api_refuse(L, &fault);
    return 1;
}

/* find(name) -> where the program is | nil */
static int find(lua_State *L)
{
    char path[PROGRAM_PATH];

    lua_pushstring(L, program_find(luaL_checkstring(L, 1), path) ? path : NULL); /* nil for NULL */
    return 1;
}

/* ---- tarballs ------------------------------------------------------------------------------------------------------- */

struct members {
    char names[64][ARCHIVE_NAME];
    uint64_t sizes[64];
    int count;
};

static void keep_member(void *context, const char *name, uint64_t size)
{
    struct members *members = context;

    if (!name[0] || members->count == 64)
        return;
    memcpy(members->names[members->count], name, ARCHIVE_NAME);
    members->sizes[members->count++] = size;
}

/* A header may say any size; one that no Lua integer can be becomes the largest of them. */
static void push_size(lua_State *L, uint64_t size)
{
    lua_pushinteger(L, size > INT64_MAX ? INT64_MAX : (lua_Integer)size);
}

/* members(tarball) -> { { name=, size= }... } of its regular files, names without directories | nil, why */
static int list_members(lua_State *L)
{
    struct members members = {.count = 0};
    struct fault fault;

    if (!archive_list(luaL_checkstring(L, 1), keep_member, &members, &fault))
        return api_refuse(L, &fault);
    lua_createtable(L, members.count, 0);
    for (int i = 0; i < members.count; i++) {
        lua_createtable(L, 0, 2);
        lua_pushstring(L, members.names[i]);
        lua_setfield(L, -2, "name");
        push_size(L, members.sizes[i]);
        lua_setfield(L, -2, "size");
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

struct unpacking {
    struct archive *archive;
    FILE *place;
    uint64_t done;
};

static int stop_unpacking(lua_State *L)
{
    struct unpacking *unpacking = luaL_checkudata(L, 1, TYPE_UNPACKING);

    archive_close(unpacking->archive);
    if (unpacking->place)
        fclose(unpacking->place);
    memset(unpacking, 0, sizeof *unpacking);
    return 0;
}

static int refuse_errno(lua_State *L)
{
    lua_pushnil(L);
    lua_pushstring(L, strerror(errno));
    return 2;
}

/* run(unpacking, seconds) -> is it done, bytes so far | nil, why */
static int run_unpacking(lua_State *L)
{
    struct unpacking *unpacking = luaL_checkudata(L, 1, TYPE_UNPACKING);
    double end = clock_now() + luaL_checknumber(L, 2);
    char chunk[CHUNK];
    ssize_t got = 1;

    for (int i = 0; unpacking->archive && got > 0 && (i % LOOK != 0 || i == 0 || clock_now() < end); i++) {
        got = archive_read(unpacking->archive, chunk, sizeof chunk);
        if (got < 0) {
            lua_pushnil(L);
            lua_pushliteral(L, "the archive is cut short");
            return 2;
        }
        if (fwrite(chunk, 1, (size_t)got, unpacking->place) != (size_t)got)
            return refuse_errno(L);
        unpacking->done += (uint64_t)got;
    }
    if (got == 0 && fflush(unpacking->place) != 0)
        return refuse_errno(L);
    lua_pushboolean(L, got == 0);
    lua_pushinteger(L, (lua_Integer)unpacking->done);
    return 2;
}

/* unpack(tarball, member, place) -> an unpacking of that member into a new file, to be run, and the member's size | nil, why */
static int unpack(lua_State *L)
{
    static const luaL_Reg methods[] = {{"run", run_unpacking}, {"stop", stop_unpacking}, {NULL, NULL}};
    const char *tarball = luaL_checkstring(L, 1), *member = luaL_checkstring(L, 2), *place = luaL_checkstring(L, 3);
    struct fault fault;
    struct unpacking *unpacking = push_object(L, sizeof *unpacking, TYPE_UNPACKING, stop_unpacking, methods);

    unpacking->archive = archive_open(tarball, member, &fault);
    if (!unpacking->archive)
        return api_refuse(L, &fault);
    unpacking->place = file_new(place, &fault);
    if (!unpacking->place)
        return api_refuse(L, &fault);
    push_size(L, archive_size(unpacking->archive));
    return 2;
}

/* ---- the directory -------------------------------------------------------------------------------------------------- */

/* make_directory(result) -> a new directory beside the later file | nil, why */
static int make_directory(lua_State *L)
{
    char path[PROGRAM_PATH];
    struct fault fault;

    if (!workplace_make(luaL_checkstring(L, 1), path, sizeof path, &fault))
        return api_refuse(L, &fault);
    lua_pushstring(L, path);
    return 1;
}

/* room(directory) -> bytes that are free there */
static int room(lua_State *L)
{
    push_size(L, workplace_room(luaL_checkstring(L, 1)));
    return 1;
}

/* is_there(path) -> whether something has that name */
static int is_there(lua_State *L)
{
    struct stat status;

    lua_pushboolean(L, lstat(luaL_checkstring(L, 1), &status) == 0);
    return 1;
}

/* hand_over(file, result) -> true | nil, why: the file gets its name, in the place of no other */
static int hand_over(lua_State *L)
{
    struct fault fault;
    return api_done(L, workplace_hand_over(luaL_checkstring(L, 1), luaL_checkstring(L, 2), &fault), &fault);
}

/* remove_directory(directory) -> true | nil, why: and the files in it */
static int remove_directory(lua_State *L)
{
    struct fault fault;
    return api_done(L, workplace_remove(luaL_checkstring(L, 1), &fault), &fault);
}

int api_open_workshop(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"find", find}, {"start", start}, {"members", list_members}, {"unpack", unpack}, {"make_directory", make_directory},
        {"room", room}, {"is_there", is_there}, {"hand_over", hand_over}, {"remove_directory", remove_directory}, {NULL, NULL},
    };

    luaL_newlib(L, functions);
    return 1;
}
