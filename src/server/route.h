#ifndef SERVER_ROUTE_H
#define SERVER_ROUTE_H

/* The border to the Lua model: requests and time go in, replies and events come out. */

#include "daemon.h"
#include "guest.h"

struct route;

/* The Lua side of lua/NAME.lua, told the world (path of a .lua or .json file, or NULL) and its own base URL (or NULL).
 * NULL when it cannot be made; the reason is on stderr then. */
struct route *route_open(const char *module, const char *world, const char *base_url);

/* Answers a request; a bug in Lua is answered with 500 and told on stderr. Fits daemon_options.answer. */
void route_answer(void *route, const struct request *request, struct reply *reply);

/* A text or number of the model by its name, to be freed; NULL when it has none. */
char *route_text(struct route *route, const char *name);

/* The first line of stdout: endpoint and accounts as JSON, to be freed. NULL when Lua failed. */
char *route_greeting(struct route *route, const char *endpoint);

/* Lets the model do what is due by itself; returns the seconds until the next such thing at most. */
double route_tick(struct route *route);

/* Hands what has happened to VMs to the guests; with NULL it is forgotten. */
void route_events(struct route *route, struct guests *guests);

/* NULL is accepted. */
void route_close(struct route *route);

#endif
