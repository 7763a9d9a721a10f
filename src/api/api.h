/*
 * The fields of the host table. A function that fails where the caller can act returns nil and the reason (in
 * words); it raises for arguments of the wrong shape. It checks all of them first, then makes the userdata
 * that will free what it acquires, and only then acquires.
 */
#ifndef API_H
#define API_H

#include "../base/buf.h"
#include "../base/fault.h"
#include "../base/http_reply.h"

#include <lauxlib.h>
#include <lua.h>

/* Pushes a table with every field below. */
void api_push(lua_State *L);

/* Each pushes one table. */
int api_open_bytes(lua_State *L);
int api_open_clock(lua_State *L);
int api_open_cloudstack(lua_State *L);
int api_open_console(lua_State *L);
int api_open_files(lua_State *L);
int api_open_http(lua_State *L);
int api_open_images(lua_State *L);
int api_open_json(lua_State *L);
int api_open_log(lua_State *L);
int api_open_policy(lua_State *L);
int api_open_process(lua_State *L);
int api_open_store(lua_State *L);
int api_open_throttle(lua_State *L);
int api_open_workshop(lua_State *L); /* for commands alone: src/command.c */

/* Pushes nil and the reason; to be returned. */
int api_refuse(lua_State *L, const struct fault *fault);

/* Pushes true, or, where it is not ok, nil and the reason; to be returned. */
int api_done(lua_State *L, bool ok, const struct fault *fault);

/* Pushes what came of one request: { status=, body=, type=, date=, seconds= } or { fault=, text=, sent=, seconds= }. */
void api_push_reply(lua_State *L, const struct http_reply *reply);

/* Pushes a userdata of that type, all zero, whose `free` runs with its end, whatever is raised: to be made before anything
 * is acquired for it. */
void *api_push_owner(lua_State *L, size_t size, const char *type, lua_CFunction free);

/* Pushes an empty buf that is freed with its userdata, whatever is raised. */
struct buf *api_push_buf(lua_State *L);

#endif
