/* The way of a request to the Lua model, and of the model's answer to the wire. */
#ifndef ROUTE_H
#define ROUTE_H

#include "daemon.h"
#include "model.h"

/*
 * Asks model.admit(head) of a request whose body has not come: nil lets it in, a table is the answer that it gets instead.
 * A model without that function admits everything. True: it is let in.
 */
bool route_admit(struct model *model, const struct request *head, struct reply *reply);

/*
 * Asks model.http(request). Both are given { method, path, query, body, client, headers, waited, upload } and answer
 * { status, type, body, headers } with, for the wire, file, offset, length; delay, drop, hang, truncate; or only
 * { again = seconds } to be asked once more. False: a bug in Lua, which is answered with an empty 500; its traceback is on
 * stderr.
 */
bool route_answer(struct model *model, const struct request *request, struct reply *reply);

/* After that, the words of the bug, for the authors of tests. */
void route_explain(struct model *model, struct reply *reply);

#endif
