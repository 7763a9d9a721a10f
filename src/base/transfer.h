/*
 * One HTTP request under way, over libcurl. A transfer is begun, gets its options, is run with others, and is ended. No
 * request is sent twice.
 */
#ifndef TRANSFER_H
#define TRANSFER_H

#include "curl.h"
#include "fault.h"
#include "http_reply.h"
#include "pace.h"
#include "upload_progress.h"

struct transfer {
    CURL *handle;
    struct http_reply *reply;
    const char *form; /* the body, where it is a form */
    size_t length;
    size_t read; /* how much of the form libcurl has taken */
    struct curl_slist *headers;
    curl_mime *mime;  /* the body of an upload; such a transfer ends early when the process is interrupted */
    struct pace pace; /* of an upload */
    struct upload_progress progress;
    CURLcode code;
    bool done;
    char error[CURL_ERROR_SIZE];
};

/* libcurl's functions, once requests can be sent; NULL and why when there is no libcurl. */
const struct curl_functions *transfer_start(struct fault *fault);

/* Begins a transfer whose outcome will be in `reply`; without memory the reply has a fault. */
void transfer_begin(struct transfer *transfer, struct http_reply *reply);

/* Adds a line to the request's head; false without memory. */
bool transfer_add_header(struct transfer *transfer, const char *line);

/* Sets the address, and every option that holds for all requests. The headers are complete by then. */
void transfer_set_url(struct transfer *transfer, const char *url);

/* Makes the transfer post its form, within so many seconds. */
void transfer_post_form(struct transfer *transfer, double timeout);

/* Runs every transfer whose reply has no fault to its end; each reply then has an answer or a fault. */
void transfer_run(struct transfer *transfers, size_t count);

/* Frees what the transfer holds. The reply stays. */
void transfer_end(struct transfer *transfer);

/* Closes the connections that were kept. */
void transfer_close(void);

#endif
