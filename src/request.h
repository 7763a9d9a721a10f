/* A request of BOSH's: its text, and the table that the scripts get of it. */
#ifndef REQUEST_H
#define REQUEST_H

#include "base/buf.h"
#include "base/fault.h"

#include <lua.h>

struct request {
    struct buf text;
    bool is_unreadable;
    struct fault why; /* it is unreadable */
};

/* Reads the text to the end of the descriptor. What goes wrong is kept, and raised by request_push. */
void request_receive(struct request *request, int in);

/*
 * Pushes { method, arguments (with n), context, api_version }, and wipes the text. The text is checked, and the secret is
 * taken from it, before anything is decoded. Raises a typed error for what is not a request.
 */
void request_push(lua_State *L, struct request *request);

/* Wipes the text. */
void request_forget(struct request *request);

/* request(path) -> the same of a file, for a command that plays the caller */
int request_read(lua_State *L);

#endif
