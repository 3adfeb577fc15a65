/* The sink of an iterator: room for results ahead of the caller that takes them, one by one. With the lock
 * held. */
#ifndef POOL_HOST_JOB_WINDOW_H
#define POOL_HOST_JOB_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "procpool.h"

/* Element i of the call lies at i % capacity. */
struct pool__window {
    size_t capacity;
    size_t delivered; /* elements taken, or skipped: the window begins behind them */
    bool unordered;
    enum pool__element_state { POOL__EMPTY, POOL__GOOD, POOL__BAD, POOL__GONE } * states;
    pool_error_t *errors; /* of BAD elements, with texts of their own */
    uint64_t *order;      /* unordered: the elements in the order in which they ended; a ring */
    size_t ordered;       /* how many have ended */
};

/* Gives the job a window. False when there is no memory; pool__window_free() frees what there is. */
bool pool__window_add(struct pool_future *job, bool unordered);
void pool__window_free(struct pool_future *job);

/* The item has ended: well (NULL), or with an error. Does nothing for a job without a window. */
void pool__window_mark(struct pool_future *job, uint64_t index, const pool_error_t *error);

/* How many more items may be given out now, ahead of the caller that takes their results. */
size_t pool__window_room(const struct pool_future *job);

/* Where the result of this item goes, in the window or in the caller's array. */
void *pool__element(const struct pool_future *job, uint64_t index);

#endif
