/* Shared libraries that are loaded when they are first needed. */
#include "library.h"

#ifndef STATIC_LIBRARIES

#include <dlfcn.h>
#include <string.h>

bool library_load(const char *file, const struct library_symbol *symbols, size_t count, void *table,
                  struct fault *fault)
{
    void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return fault_set(fault, "%s", dlerror());
    for (size_t i = 0; i < count; i++) {
        void *address = dlsym(library, symbols[i].name);
        if (!address)
            return fault_set(fault, "%s has no %s", file, symbols[i].name);
        memcpy((char *)table + symbols[i].offset, &address, sizeof address);
    }
    return true;
}

#else

typedef int library_is_not_needed; /* a translation unit has to declare something */

#endif
