/* host.http: a file from disk to a server, and files that a server of ours gives out. */
#include "api.h"

#include "../base/archive.h"
#include "../base/digest.h"
#include "../base/file.h"
#include "../base/http.h"
#include "../base/readonly.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD_SIZE 512
#define TYPE_REPLY "host.http.reply"

static int free_reply(lua_State *L)
{
    struct http_reply *reply = luaL_checkudata(L, 1, TYPE_REPLY);

    buf_free(&reply->body);
    return 0;
}

/* The pairs of the table of strings at the index, or none when it is nil; they live on the stack. */
static struct http_pair *push_pairs(lua_State *L, int index, const char *what, size_t *count)
{
    *count = 0;
    index = lua_absindex(L, index);
    if (lua_isnil(L, index)) {
        lua_pushnil(L);
        return NULL;
    }
    if (!lua_istable(L, index))
        luaL_error(L, "%s must be a table, not a %s", what, luaL_typename(L, index));
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != LUA_TSTRING)
            luaL_error(L, "%s must have strings as names and values", what);
        if (strpbrk(lua_tostring(L, -2), "\r\n:") || strpbrk(lua_tostring(L, -1), "\r\n"))
            luaL_error(L, "%s: '%s' has a line break in it", what, lua_tostring(L, -2));
        ++*count;
    }
    struct http_pair *pairs = lua_newuserdatauv(L, *count * sizeof *pairs + 1, 0);
    size_t i = 0;
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1), i++) {
        pairs[i].name = lua_tostring(L, -2);
        pairs[i].value = lua_tostring(L, -1);
    }
    return pairs;
}

static const char *form_text(lua_State *L, const char *name, const char *otherwise)
{
    int type = lua_getfield(L, 4, name);

    if (type == LUA_TNIL)
        return otherwise;
    if (type != LUA_TSTRING)
        luaL_error(L, "form.%s must be a string, not a %s", name, lua_typename(L, type));
    return lua_tostring(L, -1);
}

/* upload(url, file, headers, form) -> the reply, as api_push_reply says
 * form: { name="file", filename="x.vhd.bz2", type="application/x-bzip", fields={ k=v }?, member="root.img"? }
 * member: the file is a gzipped tar, and this member of it is sent */
static int upload_file(lua_State *L)
{
    struct fault fault;
    struct http_upload upload = {.url = luaL_checkstring(L, 1), .file = luaL_checkstring(L, 2)};

    if (readonly_is_on())
        return luaL_error(L, "nothing is uploaded: only reads are allowed here");
    lua_settop(L, 4);
    if (lua_isnil(L, 4)) {
        lua_newtable(L);
        lua_replace(L, 4);
    }
    luaL_checktype(L, 4, LUA_TTABLE);
    const char *slash = strrchr(upload.file, '/');
    upload.name = form_text(L, "name", "file");
    upload.filename = form_text(L, "filename", slash ? slash + 1 : upload.file);
    upload.member = form_text(L, "member", NULL);
    upload.type = form_text(L, "type", "application/octet-stream");
    upload.headers = push_pairs(L, 3, "headers", &upload.header_count);
    lua_getfield(L, 4, "fields");
    upload.fields = push_pairs(L, -1, "form.fields", &upload.field_count);
    struct http_reply *reply = api_push_owner(L, sizeof *reply, TYPE_REPLY, free_reply);
    bool ok = http_upload(&upload, &fault);
    *reply = upload.reply;
    if (!ok)
        return luaL_error(L, "%s", fault.text);
    api_push_reply(L, reply);
    return 1;
}

static bool read_head(const char *path, struct stat *status, char *head, size_t *length, struct fault *fault)
{
    int fd = file_open(path, status, fault);
    if (fd < 0)
        return false;
    ssize_t got = read(fd, head, HEAD_SIZE);
    if (got < 0)
        fault_set(fault, "%s: %s", path, strerror(errno));
    close(fd);
    *length = got > 0 ? (size_t)got : 0;
    return got >= 0;
}

/* stat(file) -> { size=, head=first 512 bytes } | nil, why */
static int stat_file(lua_State *L)
{
    const char *path = luaL_checkstring(L, 1);
    char head[HEAD_SIZE];
    struct stat status;
    struct fault fault;
    size_t length = 0;

    if (!read_head(path, &status, head, &length, &fault))
        return api_refuse(L, &fault);
    lua_createtable(L, 0, 2);
    lua_pushinteger(L, (lua_Integer)status.st_size);
    lua_setfield(L, -2, "size");
    lua_pushlstring(L, head, length);
    lua_setfield(L, -2, "head");
    return 1;
}

/* checksum(file) -> its SHA-256 in hex | nil, why */
static int checksum(lua_State *L)
{
    unsigned char digest[DIGEST_SHA256_SIZE];
    char hex[2 * DIGEST_SHA256_SIZE + 1];
    struct fault fault;

    if (!digest_sha256_file(luaL_checkstring(L, 1), digest, &fault))
        return api_refuse(L, &fault);
    digest_hex(digest, sizeof digest, hex);
    lua_pushstring(L, hex);
    return 1;
}

/* Disk images in the tars that stemcells are: OpenStack's, and vSphere's, which are OVAs. */
static bool is_image(const char *name)
{
    size_t length = strlen(name);
    return strcmp(name, "root.img") == 0 || (length > 4 && strcasecmp(name + length - 4, ".ovf") == 0);
}

/* inside(file) -> what is in a gzipped file: { head=first 512 bytes of it } | of a tar { tar=true, head=, name=, size= } of
 * root.img or the OVF, whichever is first; { tar=true } with neither | nil, why */
static int look_inside(lua_State *L)
{
    struct archive_look look;
    struct fault fault;

    if (!archive_look(luaL_checkstring(L, 1), is_image, &look, &fault))
        return api_refuse(L, &fault);
    lua_createtable(L, 0, 4);
    lua_pushboolean(L, look.is_tar);
    lua_setfield(L, -2, "tar");
    if (look.is_tar && !look.name[0])
        return 1;
    lua_pushlstring(L, look.head, look.head_size);
    lua_setfield(L, -2, "head");
    if (!look.is_tar)
        return 1;
    lua_pushstring(L, look.name);
    lua_setfield(L, -2, "name");
    lua_pushinteger(L, (lua_Integer)look.size);
    lua_setfield(L, -2, "size");
    return 1;
}

/* publish(file, place) -> true | nil, why: the file is at that place too, for cpi-server templates to serve */
static int publish(lua_State *L)
{
    struct fault fault;

    if (readonly_is_on())
        return luaL_error(L, "nothing is published: only reads are allowed here");
    if (!file_double(luaL_checkstring(L, 1), luaL_checkstring(L, 2), &fault))
        return api_refuse(L, &fault);
    lua_pushboolean(L, 1);
    return 1;
}

/* withdraw(place) -> true | nil, why */
static int withdraw(lua_State *L)
{
    struct fault fault;

    if (readonly_is_on())
        return luaL_error(L, "nothing is withdrawn: only reads are allowed here");
    if (!file_remove(luaL_checkstring(L, 1), &fault))
        return api_refuse(L, &fault);
    lua_pushboolean(L, 1);
    return 1;
}

int api_open_http(lua_State *L)
{
    static const luaL_Reg functions[] = {{"checksum", checksum}, {"inside", look_inside}, {"publish", publish},
                                        {"stat", stat_file}, {"upload", upload_file}, {"withdraw", withdraw}, {NULL, NULL}};

    luaL_newlib(L, functions);
    return 1;
}
