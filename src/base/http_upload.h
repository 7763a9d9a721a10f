/* The upload of a file from disk, as a form of the type multipart/form-data. */
#ifndef HTTP_UPLOAD_H
#define HTTP_UPLOAD_H

#include "fault.h"
#include "http_reply.h"

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

/*
 * Posts the file, with Content-Length, in constant memory. False only when there is no libcurl; what else goes wrong is a
 * fault of the reply. The caller frees the reply's body.
 */
bool http_upload(struct http_upload *upload, struct fault *fault);

#endif
