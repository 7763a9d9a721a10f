/* A file in a gzipped tar, as a stream: gzip, a program that every system has, unpacks it for us. */
#ifndef ARCHIVE_H
#define ARCHIVE_H

#include "fault.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define ARCHIVE_HEAD 512
#define ARCHIVE_NAME 101

struct archive_look {
    bool is_tar;
    char name[ARCHIVE_NAME]; /* of the first member that was looked for; "" without one */
    uint64_t size;           /* its bytes */
    char head[ARCHIVE_HEAD]; /* what it begins with, or, when it is not a tar, what was packed */
    size_t head_size;
};

/*
 * Looks into a gzipped file. Of a tar, for the first member whose name (without directories) `wanted` says yes to. False
 * when it cannot be unpacked.
 */
bool archive_look(const char *path, bool (*wanted)(const char *name), struct archive_look *look, struct fault *fault);

/*
 * Goes through the members of a gzipped tar, as many as there are up to a limit, in their order: `visit` gets the name
 * without directories ("" for what is not a regular file) and the size that the header has. False when it cannot be unpacked
 * or is not a tar.
 */
bool archive_list(const char *path, void (*visit)(void *context, const char *name, uint64_t size), void *context,
                  struct fault *fault);

/* A member, from its first byte; NULL when there is no such member or it cannot be unpacked. */
struct archive;
struct archive *archive_open(const char *path, const char *member, struct fault *fault);

uint64_t archive_size(const struct archive *archive);

/* Up to `size` bytes of it; 0 at its end, -1 when the archive is cut short. */
ssize_t archive_read(struct archive *archive, char *bytes, size_t size);

/* Back to the first byte. */
bool archive_rewind(struct archive *archive);

/* NULL is accepted. */
void archive_close(struct archive *archive);

#endif
