/* The allocator of the Lua state: it counts, and stops at a ceiling. */
#ifndef MEMORY_H
#define MEMORY_H

#include <stddef.h>

struct memory {
    size_t used;
    size_t peak; /* the most that was used since it was set */
    size_t limit; /* 0: none */
};

/* A lua_Alloc; `memory` is a struct memory. Shrinking and freeing always succeed, as Lua requires. */
void *memory_allocate(void *memory, void *block, size_t old_size, size_t new_size);

#endif
