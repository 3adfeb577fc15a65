/* How items of a job end badly. */
#ifndef POOL_HOST_JOB_ENDS_H
#define POOL_HOST_JOB_ENDS_H

#include <stdint.h>

#include "procpool.h"

/* The error of a broadcast's item for a worker that the pool no longer has. */
extern const pool_error_t pool__undelivered;

/* The error of an item about which the board says something impossible. */
extern const pool_error_t pool__overwritten;

/* Ends one item of the job with this error. */
void pool__item_failed(struct pool_future *job, const pool_error_t *error);

/* Ends the items [from, to) with this error; their indices are filled in. Beyond POOL_ERRORS_MAX errors
 * are counted, not kept. */
void pool__items_failed(struct pool_future *job, uint64_t from, uint64_t to, pool_error_t error);

/* Ends the items [from, to) as lost with the pool. */
void pool__lose_items(struct pool_future *job, uint64_t from, uint64_t to);

/* Of a run of items that begins with `first`, `*taken` have an end: ends the others up to the first
 * `ended` with this error, and counts them in `*taken`. */
void pool__run_failed(struct pool_future *job, uint64_t first, uint64_t *taken, uint64_t ended,
                      pool_error_t error);

#endif
