/* The Lua model behind a daemon: what lua/NAME.lua makes of the host, its time, and what happens in it. */
#ifndef MODEL_H
#define MODEL_H

#include "guest.h"

#include <lua.h>
#include <stdbool.h>

struct model;

/*
 * require(module).new{ host=, world=, base_url=, strict= }: world is a path of a .lua or .json file or NULL, base_url may be
 * NULL; strict makes errors of what the model would pass over.
 * NULL when it cannot be made; the reason is on stderr then.
 */
struct model *model_open(const char *module, const char *world, const char *base_url, bool strict);

/* NULL is accepted. */
void model_close(struct model *model);

/* A text or number of the model by its name, to be freed; NULL when it has none. */
char *model_text(struct model *model, const char *name);

/* The first line of stdout: endpoint and accounts as JSON, to be freed. NULL when Lua failed. */
char *model_greeting(struct model *model, const char *endpoint);

/* Lets the model do what is due by itself; returns the seconds until the next such thing at most. */
double model_tick(struct model *model);

/* Hands what has happened to VMs to the guests; with NULL it is forgotten. */
void model_events(struct model *model, struct guests *guests);

/* Calls a C function with one pointer under protection. Of a failure the traceback
 * is on stderr, and false is returned with the error's words at the top of model_state(). */
bool model_protect(struct model *model, lua_CFunction function, void *context);
lua_State *model_state(struct model *model);

/* Pushes a member of the model. */
void model_push_member(lua_State *L, const char *name);

#endif
