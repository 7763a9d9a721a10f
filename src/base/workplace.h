/* A directory in which a file is made that takes long: beside its later place, and gone when the work is over. */
#ifndef WORKPLACE_H
#define WORKPLACE_H

#include "fault.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Makes the directory RESULT.part.XXXXXX, its owner's alone, and writes its name into `path`. */
bool workplace_make(const char *result, char *path, size_t size, struct fault *fault);

/* Bytes that the file system of a directory has room for; UINT64_MAX where it does not say. */
uint64_t workplace_room(const char *directory);

/* Gives a finished file its name: never in the place of another file, and on the disk before it has its name. */
bool workplace_hand_over(const char *file, const char *result, struct fault *fault);

/* Removes a directory and the files in it; it has no directories of its own. What is gone is removed. */
bool workplace_remove(const char *directory, struct fault *fault);

#endif
