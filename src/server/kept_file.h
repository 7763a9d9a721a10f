/* A file that comes piece by piece and gets its name in a directory when it is whole. */
#ifndef KEPT_FILE_H
#define KEPT_FILE_H

#include <stdbool.h>
#include <stddef.h>

struct kept_file;

/* NULL, with the reason on stderr, where no file can be made in the directory. */
struct kept_file *kept_file_begin(const char *directory);

/* False when it cannot be written. */
bool kept_file_add(struct kept_file *file, const char *bytes, size_t size);

/* It is whole. False, with the reason on stderr, when it cannot be kept under that name. */
bool kept_file_end(struct kept_file *file, const char *name);

/* Removes what did not become whole. NULL is accepted. */
void kept_file_free(struct kept_file *file);

#endif
