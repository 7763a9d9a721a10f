/* Measures the part "file" of a multipart/form-data body in constant memory: size, SHA-256, first bytes. Keeps it in a
 * directory where one is given. */
#include "upload.h"

#include "../base/digest.h"
#include "kept_file.h"

#include <stdlib.h>
#include <string.h>

#define PARSER_BYTES 65536

struct upload {
    struct MHD_PostProcessor *parser;
    struct digest_stream *digest;
    struct upload_file file;
    char *filename;
    bool found, passed, broken;
    struct kept_file *copy;          /* NULL: it is kept nowhere */
};

/* One piece of one part. Only the first part named "file" counts. */
static enum MHD_Result piece(void *context, enum MHD_ValueKind kind, const char *key, const char *filename,
                             const char *type, const char *encoding, const char *data, uint64_t offset, size_t size)
{
    struct upload *upload = context;
    (void)kind, (void)type, (void)encoding;
    if (!key || strcmp(key, "file") != 0) {
        upload->passed = upload->found;
        return MHD_YES;
    }
    if (upload->passed || (upload->found && offset < upload->file.size)) {
        upload->passed = true;
        return MHD_YES;
    }
    if (!upload->found) {
        upload->found = true;
        upload->filename = strdup(filename ? filename : "");
    }
    if (upload->file.head_size < sizeof upload->file.head) {
        size_t room = sizeof upload->file.head - upload->file.head_size;
        size_t taken = size < room ? size : room;
        memcpy(upload->file.head + upload->file.head_size, data, taken);
        upload->file.head_size += taken;
    }
    upload->file.size += size;
    if (upload->copy && !kept_file_add(upload->copy, data, size))
        return MHD_NO;
    return digest_add(upload->digest, data, size) ? MHD_YES : MHD_NO;
}

struct upload *upload_new(struct MHD_Connection *connection, const char *directory)
{
    struct upload *upload = calloc(1, sizeof *upload);
    if (!upload)
        return NULL;
    upload->parser = MHD_create_post_processor(connection, PARSER_BYTES, piece, upload);
    struct fault fault;
    upload->digest = digest_start_sha256(&fault);
    upload->copy = directory ? kept_file_begin(directory) : NULL;
    if (!upload->parser || !upload->digest || (directory && !upload->copy)) {
        upload_free(upload);
        return NULL;
    }
    return upload;
}

void upload_feed(struct upload *upload, const char *data, size_t size)
{
    if (!upload->broken && MHD_post_process(upload->parser, data, size) != MHD_YES)
        upload->broken = true;
}

const struct upload_file *upload_finish(struct upload *upload)
{
    unsigned char sum[DIGEST_SHA256_SIZE];
    struct MHD_PostProcessor *parser = upload->parser;
    struct digest_stream *digest = upload->digest;
    upload->parser = NULL;
    upload->digest = NULL;
    bool complete = parser && MHD_destroy_post_processor(parser) == MHD_YES && !upload->broken;
    if (!digest || !digest_finish(digest, sum) || !complete || !upload->filename)
        return NULL;
    digest_hex(sum, sizeof sum, upload->file.sha256);
    upload->file.filename = upload->filename;
    return !upload->copy || kept_file_end(upload->copy, upload->file.sha256) ? &upload->file : NULL;
}

void upload_free(struct upload *upload)
{
    if (!upload)
        return;
    if (upload->parser)
        MHD_destroy_post_processor(upload->parser);
    digest_abandon(upload->digest);
    kept_file_free(upload->copy);
    free(upload->filename);
    free(upload);
}
