/* What a thread does for a pool without waiting for its workers. Each function compares what is
 * with what should be, so it may be called at any time and more than once. With the lock held;
 * pool__work() releases it while a function of the inline worker runs. */
#ifndef POOL_HOST_ENGINE_STEP_H
#define POOL_HOST_ENGINE_STEP_H

#include "procpool.h"

/* Puts a job among those that have not ended, and gives out what it can. There must be room for the
 * job: see pool__queue_reserve(). */
void pool__submit(pool_t *pool, struct pool_future *job);

/* Reads the supervisor's messages and acts on them. */
void pool__hear(pool_t *pool);

/* Ends the worker of a transport whose worker is in the host, if the pool is closing and it has
 * nothing to do. */
void pool__leave_worker(pool_t *pool);

/* Does all that can be done without waiting for workers. In a serial pool it also runs a chunk. */
void pool__work(pool_t *pool);

/* Looks at all jobs that have advanced: ends those whose items have all ended, and gives out items.
 */
void pool__tend(pool_t *pool);

/* Tells the workers to leave if the pool is closed and all jobs have ended. */
void pool__let_leave(pool_t *pool);

#endif
