/* Where a daemon listens, what it bounds, and the functions that answer its requests. */
#ifndef DAEMON_OPTIONS_H
#define DAEMON_OPTIONS_H

#include "reply.h"
#include "request.h"

#include <stdbool.h>
#include <stddef.h>

struct daemon_options {
    const char *host;
    const char *port;
    const char *upload_prefix;       /* POST below it is multipart and is streamed; NULL for none */
    const char *upload_directory;    /* where such files are kept, each under its SHA-256; NULL: nowhere */
    size_t max_body;
    size_t connection_bytes;         /* memory of a connection, for its headers and what of a body is read at once */
    size_t most_of_one;              /* connections from one address; 0: no bound but that of all */
    const char *certificate;         /* PEM texts, for https; NULL for http. They live as long as the daemon */
    const char *private_key;
    /* Asked once the headers are there and nothing of the body is read. False: the reply goes out, and no body is read. */
    bool (*admit)(void *context, const struct request *head, struct reply *reply);
    /* Asked with the whole of what was admitted. */
    void (*answer)(void *context, const struct request *request, struct reply *reply);
    void *context;
};

#endif
