/* Heaps of jobs: each gives its first job in one step, and takes a job in or out in as many steps as
 * the heap has levels. With the lock held. */
#ifndef POOL_HOST_JOB_HEAP_H
#define POOL_HOST_JOB_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/job/job.h"
#include "procpool.h"

struct pool__heap {
    enum pool__heap_kind kind;
    struct pool_future **jobs; /* job n comes before jobs 2n + 1 and 2n + 2 */
    size_t count, capacity;
    size_t steps; /* levels that were ever visited, for tests */
};

/* Makes room for `count` jobs, so that pool__heap_add() cannot fail. Returns 0 or -ENOMEM. A heap
 * that is nearly empty gives memory back. */
int pool__heap_reserve(struct pool__heap *heap, size_t count);

/* Takes the job in. There must be room. */
void pool__heap_add(struct pool__heap *heap, struct pool_future *job);

/* Moves the job to its place, if it is in the heap and its order has become a later one. */
void pool__heap_settle(struct pool__heap *heap, struct pool_future *job);

/* Takes the job out, if it is in the heap. */
void pool__heap_remove(struct pool__heap *heap, struct pool_future *job);

bool pool__heap_has(const struct pool__heap *heap, const struct pool_future *job);

/* The first job; NULL: the heap is empty. */
static inline struct pool_future *pool__heap_first(const struct pool__heap *heap)
{
    return heap->count ? heap->jobs[0] : NULL;
}

void pool__heap_fini(struct pool__heap *heap);

#endif
