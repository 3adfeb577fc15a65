/* The sink of an iterator: a window of elements. An element is the place of one item: the item's
 * result or error stays there until the caller takes it. The window moves on as the caller takes
 * elements. With the lock held. */
#ifndef POOL_HOST_JOB_WINDOW_H
#define POOL_HOST_JOB_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "procpool.h"

enum pool__element_state {
    POOL__EMPTY, /* the item has not ended */
    POOL__GOOD,  /* the item has ended well */
    POOL__BAD,   /* the item has ended with an error */
    POOL__GONE   /* the caller has taken the element, but not yet all elements before it */
};

/* The element of item i lies at i % capacity: in these arrays, and in job->out.data. */
struct pool__window {
    size_t capacity;
    size_t delivered; /* the window begins with this item: the caller has taken all items before */
    bool unordered;   /* the caller gets results in the order in which the items end */
    enum pool__element_state *states;
    pool_error_t *errors; /* of BAD elements, with texts of their own */
    uint64_t *order;      /* of `unordered`: the n-th item that ended is at n % capacity */
    size_t ordered;       /* items that have ended */
};

/* Gives the job a window. False when there is no memory; then pool__window_free() must be called
 * for what there is. */
bool pool__window_add(struct pool_future *job, bool unordered);

/* Frees the job's window, with the results and errors that were not taken. Does nothing for a job
 * without a window. */
void pool__window_free(struct pool_future *job);

/* Records that item `index` has ended: with this error, or well if `error` is NULL. Does nothing for
 * a job without a window. */
void pool__window_mark(struct pool_future *job, uint64_t index, const pool_error_t *error);

/* How many more items may be given out now. */
size_t pool__window_room(const struct pool_future *job);

/* Returns the place for the result of item `index`: in the window, or in the caller's array. */
void *pool__element(const struct pool_future *job, uint64_t index);

#endif
