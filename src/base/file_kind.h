/* What stands at a path, in a word for messages. */
#ifndef FILE_KIND_H
#define FILE_KIND_H

#include <sys/types.h>

/* "a symlink", "a directory", "a FIFO", "a socket", "a device", "a regular file": of st_mode. */
const char *file_kind(mode_t mode);

#endif
