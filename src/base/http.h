/* Posts that go out together. Connections are kept for reuse. */
#ifndef HTTP_H
#define HTTP_H

#include "fault.h"
#include "http_reply.h"

struct http_post {
    const char *url;
    const char *form; /* application/x-www-form-urlencoded */
    size_t length;
    double timeout; /* seconds; 0: the settings' request_timeout */
    struct http_reply reply;
};

/*
 * Sends them all at the same time and waits for all; false only when there is no libcurl, or no memory. No request is
 * ever sent twice. The caller frees the replies' bodies.
 */
bool http_send(struct http_post *posts, size_t count, struct fault *fault);

/* Closes connections and forgets the settings. */
void http_close(void);

#endif
