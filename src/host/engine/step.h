/* What is done without waiting: each function asks what should be so, and is not. With the lock held. */
#ifndef POOL_HOST_ENGINE_STEP_H
#define POOL_HOST_ENGINE_STEP_H

#include "procpool.h"

/* Puts a job among those to be run, and gives out what it can. */
void pool__submit(pool_t *pool, struct pool_future *job);

/* Reads what the supervisor has said, and acts on it. */
void pool__hear(pool_t *pool);

/* Does all that can be done without waiting; of a serial pool it also runs a chunk. */
void pool__work(pool_t *pool);

/* Has workers leave if the pool is closed and nothing is left to do. */
void pool__let_leave(pool_t *pool);

#endif
