/*
 * A file of lines that keeps within bounds of size and age: the newer lines are in FILE, those before them in FILE.1, and what was
 * before these is gone. Each line begins with the seconds since 1970 when it was written, and a blank.
 */
#ifndef LINE_FILE_H
#define LINE_FILE_H

#include "fault.h"

#include <stdbool.h>
#include <stddef.h>

struct line_file_bounds {
    long long bytes;   /* of both files */
    long long seconds; /* how old a line may be; it may stay half as long again */
};

/*
 * Appends whole lines, with their ends, in one write: several processes append to the same file. Made where it is not there, for
 * its owner alone, as private_file.h says. `now`: seconds since 1970.
 */
bool line_file_append(const char *path, const char *lines, size_t length, struct line_file_bounds bounds, long long now,
                      struct fault *fault);

#endif
