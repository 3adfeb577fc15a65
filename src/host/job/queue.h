/* The lists of jobs: those that have not ended, those whose callbacks are due, and spare ones. With the lock
 * held. */
#ifndef POOL_HOST_JOB_QUEUE_H
#define POOL_HOST_JOB_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "procpool.h"

/* A job for a future or an iterator: a spare one, or one from malloc(), with undefined contents; NULL when
 * there is no memory. */
struct pool_future *pool__job_new(pool_t *pool);

/* Makes a job that neither the caller nor the pool uses any more a spare one. Spare jobs are kept until
 * the pool is freed, so that a stale pointer is told as one. */
void pool__job_free(struct pool_future *job);

/* Whether more items have ended than `progress` was told. */
bool pool__has_progress(const struct pool_future *job);

/* The next job with progress to report, or NULL. Callbacks may change the lists: ask again after each. */
struct pool_future *pool__with_progress(const pool_t *pool);

/* Whether there are callbacks to be made that no thread is about to make. */
bool pool__calls_due(const pool_t *pool);

/* The first deadline of all jobs and of the tick, or `deadline` if that is earlier. */
uint64_t pool__earliest(const pool_t *pool, uint64_t deadline);

/* Whether a caller wants results as they come, rather than all of them. */
bool pool__is_eager(const pool_t *pool);

#endif
