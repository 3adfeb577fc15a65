/* The task: what the user's functions know of their item. */
#ifndef POOL_WORKER_TASK_H
#define POOL_WORKER_TASK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/failure.h"
#include "procpool.h"
#include "worker/scratch.h"

struct pool_task {
    size_t index;
    unsigned attempt;
    int worker;
    void *state;
    uint64_t seed;                     /* of the call */
    const _Atomic uint32_t *cancelled; /* NULL outside of items */
    bool recorded;                     /* pool_fail() was called for this item */
    struct pool__failure failure;
    struct pool__scratch scratch;
};

/* Starts with the item of this index: nothing is recorded yet, and no memory is in use. */
static inline void pool__task_begin(struct pool_task *task, size_t index)
{
    task->index = index;
    task->recorded = false;
    if (task->scratch.blocks)
        pool__scratch_reset(&task->scratch);
}

/* The task's failure record, filled in for a function that just returned `code` without pool_fail(). */
const struct pool__failure *pool__task_failure(struct pool_task *task, uint64_t item, int code);

#endif
