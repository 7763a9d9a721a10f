/* host.images: images of stemcells on the disk: what a file is, and where cpi-server finds it. */
#include "api.h"

#include "../base/archive.h"
#include "../base/digest.h"
#include "../base/file.h"
#include "../base/readonly.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD_SIZE 512

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
    return api_done(L, file_double(luaL_checkstring(L, 1), luaL_checkstring(L, 2), &fault), &fault);
}

/* withdraw(place) -> true | nil, why */
static int withdraw(lua_State *L)
{
    struct fault fault;

    if (readonly_is_on())
        return luaL_error(L, "nothing is withdrawn: only reads are allowed here");
    return api_done(L, file_remove(luaL_checkstring(L, 1), &fault), &fault);
}

int api_open_images(lua_State *L)
{
    static const luaL_Reg functions[] = {{"checksum", checksum}, {"inside", look_inside}, {"publish", publish},
                                        {"stat", stat_file}, {"withdraw", withdraw}, {NULL, NULL}};

    luaL_newlib(L, functions);
    return 1;
}
