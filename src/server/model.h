/* The Lua model behind a daemon: what lua/NAME.lua makes of the host, its time, and what happens in it. */
#ifndef MODEL_H
#define MODEL_H

#include "guest.h"

#include <lua.h>
#include <stdbool.h>

struct model;

/* What the module is given beside the host. Without any of it all is NULL and false. */
struct model_options {
    const char *world;               /* path of a .lua or .json file */
    const char *base_url;
    const char *images;              /* the directory in which uploads are kept */
    bool strict;                     /* what the model would pass over is an error */
    bool has_guests;                 /* model_guest_did says what the guests of VMs have done */
};

/* require(module).new{ host=, world=, ... }; NULL when it cannot be made: the reason is on stderr then. */
struct model *model_open(const char *module, const struct model_options *options);

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

/* The guest has done what the event of that number asked for. */
void model_guest_did(struct model *model, long long number);

/* Calls a C function with one pointer under protection. Of a failure the traceback
 * is on stderr, and false is returned with the error's words at the top of model_state(). */
bool model_protect(struct model *model, lua_CFunction function, void *context);
lua_State *model_state(struct model *model);

/* Pushes a member of the model. */
void model_push_member(lua_State *L, const char *name);

#endif
