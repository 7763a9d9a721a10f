/* The allocator of the Lua state: it counts, and stops at a ceiling. */
#include "memory.h"

#include <stdlib.h>

void *memory_allocate(void *context, void *block, size_t old_size, size_t new_size)
{
    struct memory *memory = context;
    size_t held = block ? old_size : 0; /* of a new block, old_size is a type and no size */

    if (new_size == 0) {
        free(block);
        memory->used -= held < memory->used ? held : memory->used;
        return NULL;
    }
    if (new_size > held && memory->limit && memory->used + (new_size - held) > memory->limit)
        return NULL;
    void *moved = realloc(block, new_size);
    if (!moved) {
        if (new_size > held)
            return NULL;
        moved = block;
    }
    size_t before = held < memory->used ? held : memory->used;
    memory->used = memory->used - before + new_size;
    if (memory->used > memory->peak)
        memory->peak = memory->used;
    return moved;
}
