/* Runs in a worker: memory that lives as long as an item. */
#include "worker/scratch.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 64 << 10, ALIGNMENT = 16 };

struct pool__block {
    struct pool__block *next;
    size_t size, used;
    alignas(ALIGNMENT) unsigned char bytes[];
};

static struct pool__block *add_block(struct pool__scratch *scratch, size_t size)
{
    size_t room = size > BLOCK ? size : BLOCK;
    if (room > SIZE_MAX - sizeof(struct pool__block))
        return NULL;
    struct pool__block *block = malloc(sizeof *block + room);
    if (!block)
        return NULL;
    *block = (struct pool__block){.next = scratch->blocks, .size = room};
    scratch->blocks = block;
    return block;
}

void *pool__scratch_alloc(struct pool__scratch *scratch, size_t size)
{
    struct pool__block *block = scratch->blocks;
    if (size > SIZE_MAX - ALIGNMENT)
        return NULL;
    size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (!block || block->size - block->used < size)
        block = add_block(scratch, size);
    if (!block)
        return NULL;
    void *memory = block->bytes + block->used;
    block->used += size;
    return memset(memory, 0, size);
}

void pool__scratch_reset(struct pool__scratch *scratch)
{
    struct pool__block *block = scratch->blocks;
    while (block && (block->next || block->size > BLOCK)) {
        struct pool__block *next = block->next;
        free(block);
        block = next;
    }
    if (block)
        block->used = 0;
    scratch->blocks = block;
}

void pool__scratch_fini(struct pool__scratch *scratch)
{
    pool__scratch_reset(scratch);
    free(scratch->blocks);
    scratch->blocks = NULL;
}

bool pool__scratch_has(const struct pool__scratch *scratch, const void *memory)
{
    for (const struct pool__block *block = scratch->blocks; block; block = block->next)
        if ((uintptr_t)memory - (uintptr_t)block->bytes < block->size)
            return true;
    return false;
}
