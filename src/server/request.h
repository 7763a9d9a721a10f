/* One request as its owner sees it, and what its headers say. */
#ifndef REQUEST_H
#define REQUEST_H

#include <stdbool.h>
#include <stddef.h>

struct MHD_Connection;
struct upload_file;

/* All of it belongs to the daemon and lives until the function that is given it returns. */
struct request {
    const char *method;
    const char *target;              /* as it came: path, '?' and query, still escaped */
    const char *path;                /* unescaped */
    const char *query;               /* as it came; "" without one */
    const char *body;                /* "" as long as it has not come */
    size_t body_size;
    bool body_too_large;             /* longer than the daemon keeps, or said to be; body is empty then */
    double waited;                   /* seconds since it was answered with `again` first; 0 when it is asked first */
    const char *client;              /* numeric address */
    const struct upload_file *upload; /* what came in the part "file"; NULL when there is none */
    struct MHD_Connection *connection;
};

/* Calls visit for every header of the request. */
void request_headers(const struct request *request, void (*visit)(void *context, const char *name, const char *value),
                     void *context);

/* Has it a body, and is that said to be longer than so many bytes? One in chunks may be of any length. */
bool request_has_body(struct MHD_Connection *connection);
bool request_is_longer(struct MHD_Connection *connection, size_t most);

/* The client's numeric address; "" when it has none. */
void request_client(struct MHD_Connection *connection, char *text, size_t size);

#endif
