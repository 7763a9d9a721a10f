/*
 * Shared libraries that are loaded when they are first needed. libcurl drags in some forty others and
 * libcrypto some thousand relocations: most of what starting a small program costs, for methods that need neither.
 * A build that links them statically (-DSTATIC_LIBRARIES) takes the addresses directly and has no use for this.
 */
#ifndef LIBRARY_H
#define LIBRARY_H

#include "fault.h"

#include <stddef.h>

struct library_symbol {
    const char *name;
    size_t offset; /* of the function pointer in the table */
};

/* Loads `file` and fills the table; the library stays loaded until the process ends. */
bool library_load(const char *file, const struct library_symbol *symbols, size_t count, void *table,
                  struct fault *fault);

#endif
