/* The task: what the user's functions may ask and say about their item. Knows nothing of the
 * worker. */
#ifndef POOL_WORKER_TASK_H
#define POOL_WORKER_TASK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/failure.h"
#include "procpool.h"
#include "worker/scratch.h"

/* One for each worker, used for one item after the other. */
struct pool_task {
    size_t index;
    unsigned attempt;
    int worker;
    void *state;
    uint64_t seed; /* of the call; in an initializer made from the worker number */
    /* Of a call with keys: the seeds of the chunk's items, and the index of the first. Else NULL. */
    const uint64_t *seeds;
    size_t first;
    const _Atomic uint32_t *cancelled; /* the flag in the order; NULL before the first item */
    bool recorded;                     /* pool_fail() was called for this item */
    struct pool__failure failure;
    struct pool__scratch scratch;
};

/* Begins with the item of this index: forgets the failure of the item before, and gives its memory
 * back. */
static inline void pool__task_begin(struct pool_task *task, size_t index)
{
    task->index = index;
    task->recorded = false;
    if (task->scratch.blocks)
        pool__scratch_reset(&task->scratch);
}

/* The failure of an item whose function has returned `code`: what pool_fail() was given, or `code`
 * alone if the function did not call it. `item` is the item's index within the chunk. */
const struct pool__failure *pool__task_failure(struct pool_task *task, uint64_t item, int code);

#endif
