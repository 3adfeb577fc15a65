/* Which pools the calling thread is inside of. A thread is inside a pool from the start of a call on
 * it to the end of the call, except while code of the user's runs that may use the pool: callbacks,
 * and the functions of a serial pool.
 *
 * A thread that is inside makes a second call on the pool in three cases: in a signal handler that
 * has interrupted the first call; after a jump out of the first call; and in a function of the
 * user's that runs with the lock held, such as the source of an iterator. The thread may hold the
 * lock itself then, so the second call is refused. */
#ifndef POOL_HOST_BASE_INSIDE_H
#define POOL_HOST_BASE_INSIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "procpool.h"

/* A number that no other pool of the process has, so that a thread is not taken to be inside a pool
 * that got the address of a freed one. */
uint64_t pool__next_id(void);

/* Whether the calling thread is inside the pool. Async-signal-safe. */
bool pool__is_inside(const pool_t *pool);

/* Goes inside and takes the lock. Returns 0, or POOL_EBUSY if the thread is inside already. */
int pool__enter(pool_t *pool);

/* Does the same, but waits for the lock at most `milliseconds`. Returns -ETIMEDOUT as well. */
int pool__enter_within(pool_t *pool, int milliseconds);

/* Releases the lock and goes out. The pool may be freed by another thread at once. */
void pool__leave(pool_t *pool);

/* Around code of the user's that may use the pool: releases the lock, and takes it again. For
 * pool_free() the thread counts as inside meanwhile. */
void pool__step_out(pool_t *pool);
void pool__step_in(pool_t *pool);

#endif
