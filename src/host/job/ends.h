/* How items of a job end badly: each ends with an error, in the window or in the report of the job.
 * With the lock held. */
#ifndef POOL_HOST_JOB_ENDS_H
#define POOL_HOST_JOB_ENDS_H

#include <stdbool.h>
#include <stdint.h>

#include "procpool.h"

/* The error of an item of a broadcast that is for a worker which the pool no longer has. */
extern const pool_error_t pool__undelivered;

/* The error of an item for which the board holds an impossible value. */
extern const pool_error_t pool__overwritten;

/* Ends one item of the job, number error->index, with this error. */
void pool__item_failed(struct pool_future *job, const pool_error_t *error);

/* Ends the items [from, to) with this error, and fills in the index of each. Without a window,
 * errors beyond POOL_ERRORS_MAX are counted but not kept. */
void pool__items_failed(struct pool_future *job, uint64_t from, uint64_t to, pool_error_t error);

/* Ends the items [from, to) as lost, because the pool is gone. Sets the status of the job unless it
 * has failed already. `attempt`: how often the items had been started. */
void pool__lose_items(struct pool_future *job, uint64_t from, uint64_t to, unsigned attempt);

/* Takes a run of items, `*from` to `*to` - 1, that have not been given out: they count as given, and
 * the caller ends them. False when there are none. A fold has more than one such run. */
bool pool__take_rest(struct pool_future *job, uint64_t *from, uint64_t *to);

/* A run of items begins with item `first`, and its first `*taken` items have an end. Ends the items
 * after those, until the first `ended` items of the run have an end, with this error. Raises
 * `*taken` to `ended`. */
void pool__run_failed(struct pool_future *job, uint64_t first, uint64_t *taken, uint64_t ended,
                      pool_error_t error);

#endif
