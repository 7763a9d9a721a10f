/* A multipart body that is measured while it passes, and kept where a directory is given. */
#ifndef UPLOAD_H
#define UPLOAD_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct upload;

/* What the part "file" held. */
struct upload_file {
    uint64_t size;
    char sha256[65];                 /* lower-case hex */
    const char *filename;            /* "" when the client named none */
    unsigned char head[512];         /* the first bytes, for the format's magic */
    size_t head_size;
};

/* NULL when the request is not a form, memory is short, or no file can be made in the directory, where one is given. */
struct upload *upload_new(struct MHD_Connection *connection, const char *directory);

/* Takes the next bytes of the body. A body that is not multipart makes the upload void. */
void upload_feed(struct upload *upload, const char *data, size_t size);

/* The file, once the body has ended, which then lies in the directory; NULL when there was none, the body was broken or the
 * disk is full. */
const struct upload_file *upload_finish(struct upload *upload);

void upload_free(struct upload *upload);

#endif
