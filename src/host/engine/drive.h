/* Which thread drives the pool, and how the other threads wait. With the lock held; it is released
 * while a thread waits, while callbacks run, and while an inline worker runs a function. */
#ifndef POOL_HOST_ENGINE_DRIVE_H
#define POOL_HOST_ENGINE_DRIVE_H

#include <stdbool.h>

#include "host/job/watch.h"
#include "procpool.h"

/* Steps and waits until `over(argument)`, `milliseconds` at most (negative: no limit). It steps at
 * least once, except in a callback. `over` is asked when a job of the set has ended, or has advanced
 * if it is an iterator's; NULL: only when all threads are to look again. Returns 0; -ETIMEDOUT;
 * -EINTR if the pool was interrupted, in the meantime or since a call last returned that; or
 * POOL_EBUSY in a callback of this pool. */
int pool__drive(pool_t *pool, bool (*over)(void *argument), void *argument, struct pool__set *set,
                int milliseconds);

/* The same for a single job. */
int pool__drive_for(struct pool_future *job, bool (*over)(void *argument), void *argument,
                    int milliseconds);

/* The same until the job's last callback has been made. */
int pool__drive_job(struct pool_future *job, int milliseconds);

/* Whether pool_interrupt() was called since there were `known` interrupts. Then these are answered:
 * the caller must return -EINTR to its user. */
bool pool__is_interrupted(pool_t *pool, unsigned known);

/* An `over` that makes pool__drive() step once and not wait. */
bool pool__at_once(void *unused);

#endif
