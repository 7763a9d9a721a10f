/*
 * Libraries that the program must not pay for before it needs them. libcurl drags in some forty others and libcrypto
 * some thousand relocations: most of what starting a small program costs, for methods that need neither. So their
 * functions are called through tables, which are filled at the first use: by dlopen, or, in a build that has the
 * libraries linked in (-DSTATIC_LIBRARIES, `make release`), with the addresses that the linker knows.
 */
#ifndef LIBRARY_H
#define LIBRARY_H

#include "fault.h"

#include <stddef.h>

struct library_symbol {
    const char *name;
    size_t offset;           /* of the function pointer in the table */
    void (*address)(void);   /* where the library is linked in */
};

#ifdef STATIC_LIBRARIES
#define LIBRARY_SYMBOL(function, table, field) {#function, offsetof(table, field), (void (*)(void))(function)},
#else
#define LIBRARY_SYMBOL(function, table, field) {#function, offsetof(table, field), NULL},
#endif

/* Fills the table, from `file` where the library is not linked in; it stays loaded until the process ends. */
bool library_load(const char *file, const struct library_symbol *symbols, size_t count, void *table,
                  struct fault *fault);

#endif
