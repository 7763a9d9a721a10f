#ifndef SERVER_DAEMON_H
#define SERVER_DAEMON_H

/* The HTTP daemon: libmicrohttpd driven by somebody else's select loop. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/select.h>

struct daemon;
struct upload_file;

/* One request, complete. All of it belongs to the daemon and lives until the answer function returns. */
struct request {
    const char *method;
    const char *target;              /* as it came: path, '?' and query, still escaped */
    const char *path;                /* unescaped */
    const char *query;               /* as it came; "" without one */
    const char *body;
    size_t body_size;
    bool body_too_large;             /* longer than the daemon keeps; body is empty then */
    const char *client;              /* numeric address */
    const struct upload_file *upload; /* what came in the part "file"; NULL when there is none */
    void *connection;
};

struct reply_header {
    char *name;
    char *value;
};

/* What is to happen on the wire. Strings are malloc'd; daemon.c frees them. */
struct reply {
    unsigned status;
    char *type;
    char *body;
    size_t body_size;
    struct reply_header *headers;
    size_t header_count;
    bool close;                      /* answer, then close the connection */
    bool drop;                       /* close without a byte */
    bool hang;                       /* keep open, never answer */
    bool cut;                        /* close after cut_after bytes of the body */
    size_t cut_after;
    double delay;                    /* seconds before any of this */
    bool has_file;                   /* the body is a part of an open file, which daemon.c closes */
    int file;
    uint64_t file_offset, file_length;
};

struct daemon_options {
    const char *host;
    const char *port;
    const char *upload_prefix;       /* POST below it is multipart and is streamed; NULL for none */
    size_t max_body;
    const char *certificate;         /* PEM texts, for https; NULL for http. They live as long as the daemon */
    const char *private_key;
    void (*answer)(void *context, const struct request *request, struct reply *reply);
    void *context;
};

/* Starts to listen. NULL with the reason in why when that fails. */
struct daemon *daemon_open(const struct daemon_options *options, char *why, size_t why_size);

/* The port it listens on, which port 0 left to the system. */
unsigned daemon_port(const struct daemon *daemon);

/* Adds its descriptors; returns the seconds it wants to be woken after at most. */
double daemon_prepare(struct daemon *daemon, fd_set *readable, fd_set *writable, fd_set *broken, int *max_fd);

/* Does what the descriptors and the time allow; never blocks. */
void daemon_run(struct daemon *daemon, const fd_set *readable, const fd_set *writable, const fd_set *broken);

/* Lets nobody in any more, and has every connection closed with its next answer. */
void daemon_quiesce(struct daemon *daemon);

/* Is there a request that has begun and has not got all of its answer? */
bool daemon_is_busy(const struct daemon *daemon);

/* Ends all connections and frees. NULL is accepted. */
void daemon_close(struct daemon *daemon);

/* Calls visit for every header of the request. */
void daemon_headers(const struct request *request,
                    void (*visit)(void *context, const char *name, const char *value), void *context);

/* Sets the reply's content from copies; false when out of memory. */
bool reply_set(struct reply *reply, unsigned status, const char *type, const char *body, size_t size);

/* Adds a header; bytes that a header cannot have become blanks. */
bool reply_header(struct reply *reply, const char *name, const char *value);

/* Frees what the reply holds and makes it empty. */
void reply_clear(struct reply *reply);

#endif
