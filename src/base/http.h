/* HTTP over libcurl: posts that go out together, and one upload from disk. Connections are kept for reuse. */
#ifndef HTTP_H
#define HTTP_H

#include "buf.h"
#include "fault.h"
#include "pace.h"

#include <stdint.h>

#define HTTP_LARGEST_BODY ((size_t)32 << 20) /* several times a page of 500 rows, or the longest list without pages */

struct http_settings {
    const char *ca_cert;  /* PEM text of the authorities to believe; NULL: the system's */
    const char *ca_file;  /* the same in a file */
    bool verify;          /* whether the certificate must be good and for that host */
    const char *proxy;    /* NULL: none, whatever the environment says */
    const char *no_proxy; /* hosts that are reached without it */
    double connect_timeout;
    double request_timeout;
    size_t max_body;
    struct pace_limits upload; /* all 0: those of pace.h */
};

struct http_reply {
    const char *fault; /* NULL when there is an answer; else resolve connect tls timeout closed toolarge
                        * interrupted (an upload) other */
    char text[256];    /* the fault in words */
    bool sent;         /* whether the server may have acted: false when it cannot have had the request */
    double seconds;
    long status;
    char type[128];
    char location[512]; /* where a redirect leads, as its header says it; "" without one */
    char date[40]; /* the server's clock, as its header says it; "" without one */
    struct buf body;
};

struct http_post {
    const char *url;
    const char *form; /* application/x-www-form-urlencoded */
    size_t length;
    double timeout; /* 0: the settings' request_timeout */
    struct http_reply reply;
};

struct http_pair {
    const char *name;
    const char *value;
};

struct http_upload {
    const char *url;
    const char *file;
    const char *name; /* of the form field that has the file */
    const char *filename;
    const char *member; /* the file is a gzipped tar, and this member of it is sent; NULL: the file itself */
    const char *type;
    const struct http_pair *headers;
    size_t header_count;
    const struct http_pair *fields; /* sent before the file */
    size_t field_count;
    struct http_reply reply;
};

/* What holds for everything sent from now on; the texts are copied. Nothing is initialised. */
bool http_configure(const struct http_settings *settings);

/*
 * Sends them all at the same time and waits for all; false only when there is no libcurl. No request is ever
 * sent twice. The caller frees the replies' bodies.
 */
bool http_send(struct http_post *posts, size_t count, struct fault *fault);

/* Posts a file as multipart/form-data, with Content-Length, in constant memory. */
bool http_upload(struct http_upload *upload, struct fault *fault);

/* Closes connections and forgets the settings. */
void http_close(void);

#endif
