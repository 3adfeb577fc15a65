/* Threads that wait in the library, and how each is woken. With the lock held. */
#ifndef POOL_HOST_ENGINE_WAITER_H
#define POOL_HOST_ENGINE_WAITER_H

#include <pthread.h>
#include <stdint.h>

#include "procpool.h"

/* On the stack of the thread. */
struct pool__waiter {
    enum {
        POOL__WAITER_RUNS,   /* it has the lock, or looks before it sleeps again */
        POOL__WAITER_SLEEPS, /* it waits for `wake`, and is in pool->sleepers */
        POOL__WAITER_DRIVES  /* it sleeps on the bells, for all: it is pool->driver */
    } state;
    pthread_cond_t wake;
    struct pool__waiter *previous, *next;
};

/* Sleeps until the waiter is woken, or the time has come. */
void pool__waiter_sleep(pool_t *pool, struct pool__waiter *waiter, uint64_t deadline);

/* Wakes one thread that sleeps, if there is one and no thread drives the pool. */
void pool__next_driver(pool_t *pool);

/* Says that something has changed on the host's side. Wakes the thread that drives the pool, and
 * makes the descriptor of pool_fileno() readable if it is open. In a serial pool, which no thread
 * drives, it wakes a thread that sleeps. */
void pool__wake_driver(pool_t *pool);

/* Has every thread that waits look again. Records that pool_step() has news to tell. */
void pool__announce(pool_t *pool);

/* The same for the threads that wait for this job. */
void pool__announce_job(pool_t *pool, const struct pool_future *job);

#endif
