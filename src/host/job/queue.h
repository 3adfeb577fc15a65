/* The lists of jobs: the jobs that have not ended (pool->jobs), the jobs that have ended and whose
 * callbacks are due (pool->finished), and the spare jobs (pool->spare). With the lock held. */
#ifndef POOL_HOST_JOB_QUEUE_H
#define POOL_HOST_JOB_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "procpool.h"

/* Returns a job for a future or an iterator: a spare job, or one from malloc(). Its contents are
 * undefined. NULL when there is no memory. */
struct pool_future *pool__job_new(pool_t *pool);

/* Makes the job a spare job. Neither the caller nor the pool may use it any more. Spare jobs are
 * kept until the pool is freed: `freed` is set in them, so that a stale pointer is found out. */
void pool__job_free(struct pool_future *job);

/* Whether the job has a `progress` callback, and items have ended since that was last called. */
bool pool__has_progress(const struct pool_future *job);

/* Returns the next job with progress to report, or NULL. A callback may change the lists, so call
 * this again after each. */
struct pool_future *pool__with_progress(const pool_t *pool);

/* Whether callbacks are due and no thread is making callbacks. A thread that makes callbacks makes
 * all that are due. */
bool pool__calls_due(const pool_t *pool);

/* Returns the earliest of `deadline`, the time of the next tick, and the times at which jobs are
 * out of time or their workers are killed. */
uint64_t pool__earliest(const pool_t *pool, uint64_t deadline);

/* Whether the host should look at every chunk as it ends, not only when many have ended: there is
 * more than one job, or the only job is an iterator or has a `progress` callback. */
bool pool__is_eager(const pool_t *pool);

#endif
