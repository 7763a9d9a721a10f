/* Tables of functions of libraries that are loaded, or only used, when they are first needed. */
#include "library.h"

#include <string.h>

#ifdef STATIC_LIBRARIES

bool library_load(const char *file, const struct library_symbol *symbols, size_t count, void *table,
                  struct fault *fault)
{
    (void)file;
    (void)fault;
    for (size_t i = 0; i < count; i++)
        memcpy((char *)table + symbols[i].offset, &symbols[i].address, sizeof symbols[i].address);
    return true;
}

#else

#include <dlfcn.h>

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

#endif
