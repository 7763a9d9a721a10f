/* Files that other programs read, each of which is replaced as a whole: a reader sees the old one or the new one. */
#ifndef PUBLIC_FILE_H
#define PUBLIC_FILE_H

#include "fault.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Puts the text at `path`, mode 0644, in place of what is there. It is written beside it first, as ".NAME.PID". The directory's
 * symlinks are followed as private_directory has it; what stands at `path` itself is never followed.
 */
bool public_file_replace(const char *path, const char *text, size_t length, struct fault *fault);

#endif
