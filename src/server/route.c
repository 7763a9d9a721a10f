/* Turns a request into a table for the Lua model, and the answer of the model into a reply. */
#include "route.h"

#include "../base/file.h"
#include "../base/log.h"
#include "upload.h"

#include <lauxlib.h>
#include <string.h>

struct asking {
    const struct request *request;
    struct reply *reply;
    bool admitted;
};

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
    struct header_list headers = {.count = 0};

    request_headers(request, collect_header, &headers);
    lua_createtable(L, 0, 8);
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
    lua_pushnumber(L, request->waited);
    lua_setfield(L, -2, "waited");
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
        luaL_error(L, "the answer's %s is not a number that can be used", name);
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

/* file = path, with offset and length: the part of the file that is the body. A file that cannot be sent becomes 404. */
static void take_file(lua_State *L, struct reply *reply)
{
    const char *path = answer_text(L, "file", NULL);
    struct stat status;
    struct fault why;

    if (!path)
        return;
    reply->file_offset = (uint64_t)answer_number(L, "offset", 0);
    reply->file_length = (uint64_t)answer_number(L, "length", 0);
    reply->file = file_open_itself(path, &status, &why);
    reply->has_file = reply->file >= 0;
    if (reply->has_file)
        return;
    /* Without the path: its name is a secret. */
    log_line(LOG_WARN, "a file that is asked for cannot be sent%s", strlen(path) < strlen(why.text) ? why.text + strlen(path) : "");
    reply_clear(reply);
    if (!reply_set(reply, 404, "text/plain", "", 0))
        luaL_error(L, "not enough memory");
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
    reply->again = answer_number(L, "again", 0);
    take_file(L, reply);
}

/* The first question; the second is put to what was admitted. */
static int admit(lua_State *L)
{
    struct asking *asking = lua_touserdata(L, 1);

    model_push_member(L, "admit");
    asking->admitted = lua_isnil(L, -1);
    if (asking->admitted)
        return 0;
    push_request(L, asking->request);
    lua_call(L, 1, 1);
    asking->admitted = lua_isnil(L, -1);
    if (!asking->admitted)
        take_answer(L, asking->reply);
    return 0;
}

static int answer(lua_State *L)
{
    struct asking *asking = lua_touserdata(L, 1);

    model_push_member(L, "http");
    push_request(L, asking->request);
    lua_call(L, 1, 1);
    take_answer(L, asking->reply);
    return 0;
}

/* The answer to a request that met a bug: the words of the bug are on stderr, and not for strangers. */
static void excuse(struct reply *reply)
{
    reply_clear(reply);
    reply_set(reply, 500, "text/plain", "", 0);
}

bool route_admit(struct model *model, const struct request *head, struct reply *reply)
{
    struct asking asking = {.request = head, .reply = reply};

    if (model_protect(model, admit, &asking))
        return asking.admitted;
    excuse(reply);
    return false;
}

bool route_answer(struct model *model, const struct request *request, struct reply *reply)
{
    struct asking asking = {.request = request, .reply = reply};

    if (model_protect(model, answer, &asking))
        return true;
    excuse(reply);
    return false;
}

void route_explain(struct model *model, struct reply *reply)
{
    size_t size = 0;
    const char *words = lua_tolstring(model_state(model), -1, &size);

    reply_clear(reply);
    reply_set(reply, 500, "text/plain;charset=utf-8", words ? words : "", words ? size : 0);
}
