/* Scratch memory: it lives as long as an item. Only this process can reach it. */
#ifndef POOL_WORKER_SCRATCH_H
#define POOL_WORKER_SCRATCH_H

#include <stdbool.h>
#include <stddef.h>

/* A list of blocks. The oldest block is kept from item to item. */
struct pool__scratch {
    struct pool__block *blocks; /* the latest first */
};

/* `size` zeroed bytes aligned to 16, valid until the next reset. NULL: no memory. */
void *pool__scratch_alloc(struct pool__scratch *scratch, size_t size);

/* Gives all of it back. Keeps the oldest block for the next item, unless that is larger than usual.
 */
void pool__scratch_reset(struct pool__scratch *scratch);

/* Frees all of it, the oldest block too. */
void pool__scratch_fini(struct pool__scratch *scratch);

/* Whether `memory` lies in a block. */
bool pool__scratch_has(const struct pool__scratch *scratch, const void *memory);

#endif
