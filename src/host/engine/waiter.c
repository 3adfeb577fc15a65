/* Runs in the host, with the lock held. Owns the list of threads that sleep. A thread is woken when
 * what it waits for has changed, and no other thread with it. */
#include "host/engine/waiter.h"

#include <time.h>

#include "common/clock.h"
#include "host/engine/bell.h"
#include "host/job/job.h"
#include "host/job/watch.h"
#include "host/pool.h"
#include "host/transport/transport.h"

static void take_out(pool_t *pool, struct pool__waiter *waiter)
{
    *(waiter->previous ? &waiter->previous->next : &pool->sleepers) = waiter->next;
    *(waiter->next ? &waiter->next->previous : &pool->last_sleeper) = waiter->previous;
    waiter->state = POOL__WAITER_RUNS;
}

static void wake(pool_t *pool, struct pool__waiter *waiter)
{
    if (!waiter || waiter->state == POOL__WAITER_RUNS)
        return;
    if (waiter->state == POOL__WAITER_DRIVES) {
        pool__ring(pool);
        return;
    }
    take_out(pool, waiter);
    pthread_cond_signal(&waiter->wake);
}

void pool__waiter_sleep(pool_t *pool, struct pool__waiter *waiter, uint64_t deadline)
{
    const struct timespec until = pool__timespec(deadline);
    waiter->state = POOL__WAITER_SLEEPS;
    waiter->next = NULL;
    waiter->previous = pool->last_sleeper;
    *(pool->last_sleeper ? &pool->last_sleeper->next : &pool->sleepers) = waiter;
    pool->last_sleeper = waiter;
    if (deadline == UINT64_MAX)
        pthread_cond_wait(&waiter->wake, &pool->lock);
    else
        pthread_cond_clockwait(&waiter->wake, &pool->lock, CLOCK_MONOTONIC, &until);
    if (waiter->state == POOL__WAITER_SLEEPS)
        take_out(pool, waiter); /* the time has come, or the wait ended without a cause */
}

void pool__next_driver(pool_t *pool)
{
    if (!pool->driver)
        wake(pool, pool->sleepers);
}

void pool__wake_driver(pool_t *pool)
{
    if (pool->transport->run_here)
        wake(pool, pool->sleepers);
    if (pool->driver || pool->epoll >= 0)
        pool__ring(pool);
}

void pool__announce(pool_t *pool)
{
    pool->news = true;
    while (pool->sleepers)
        wake(pool, pool->sleepers);
    wake(pool, pool->driver);
}

void pool__announce_job(pool_t *pool, const struct pool_future *job)
{
    pool->news = true;
    for (const struct pool__watch *watch = job->watches; watch; watch = watch->next)
        wake(pool, watch->set->waiter);
}
