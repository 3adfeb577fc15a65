/* Memory that lives as long as an item. */
#ifndef POOL_WORKER_SCRATCH_H
#define POOL_WORKER_SCRATCH_H

#include <stdbool.h>
#include <stddef.h>

/* Memory that lives as long as an item: blocks, of which the first is kept. */
struct pool__scratch {
    struct pool__block *blocks; /* the latest first */
};

/* `size` zeroed bytes aligned to 16, or NULL; valid until the reset. */
void *pool__scratch_alloc(struct pool__scratch *scratch, size_t size);
void pool__scratch_reset(struct pool__scratch *scratch);

/* Frees all of it. */
void pool__scratch_fini(struct pool__scratch *scratch);

/* Whether the memory is from pool__scratch_alloc(). */
bool pool__scratch_has(const struct pool__scratch *scratch, const void *memory);

#endif
