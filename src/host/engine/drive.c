/* Runs in the host: who waits for the workers, and what is done when they have something to say.
 *
 * One lock guards the pool. Of the threads that wait in the library one drives the pool for all: it
 * waits, without the lock, and then hears, collects, fills and ends jobs; the others wait for it to
 * say that something has changed, and one of them takes over when it leaves. */
#include "host/engine/drive.h"

#include <errno.h>
#include <pthread.h>

#include "common/clock.h"
#include "host/engine/bell.h"
#include "host/engine/notify.h"
#include "host/engine/step.h"
#include "host/job/queue.h"
#include "host/pool.h"
#include "host/transport/board/account.h"
#include "host/transport/board/wake.h"
#include "host/transport/inline/inline.h"

/* Waits for the workers, for all threads. */
static void drive_once(pool_t *pool, uint64_t deadline)
{
    uint64_t until = pool__earliest(pool, deadline);
    uint32_t outstanding = pool__outstanding(pool);
    bool eager = pool__is_eager(pool);
    int milliseconds = until == UINT64_MAX ? -1 : pool__milliseconds(pool__now(), until);
    pool->driving = true;
    pthread_mutex_unlock(&pool->lock);
    pool__wait(pool, outstanding, eager, milliseconds);
    pthread_mutex_lock(&pool->lock);
    pool->driving = false;
}

/* Waits for the thread that drives the pool. */
static void wait_for_driver(pool_t *pool, uint64_t deadline)
{
    if (deadline == UINT64_MAX) {
        pthread_cond_wait(&pool->changed, &pool->lock);
        return;
    }
    struct timespec until = {.tv_sec = (time_t)(deadline / 1000000000u),
                             .tv_nsec = (long)(deadline % 1000000000u)};
    pthread_cond_timedwait(&pool->changed, &pool->lock, &until);
}

bool pool__at_once(const void *unused)
{
    (void)unused;
    return true;
}

int pool__drive(pool_t *pool, bool (*over)(const void *argument), const void *argument,
                int milliseconds)
{
    uint64_t deadline = UINT64_MAX;
    int error = 0;
    if (pool__in_callback(pool))
        return POOL_EBUSY;
    if (milliseconds >= 0)
        deadline = pool__now() + (uint64_t)milliseconds * 1000000u;
    for (;;) {
        pool__work(pool); /* whoever drives the pool is asleep */
        pool__make_calls(pool);
        if (over(argument))
            break;
        if (pool__now() >= deadline) {
            error = -ETIMEDOUT;
            break;
        }
        if (pool__serial_due(pool))
            continue;
        pool__set_alarm(pool); /* callbacks may be the loop's to make */
        if (pool__is_serial(pool))
            wait_for_driver(pool, pool__earliest(pool, deadline));
        else if (pool->driving || pool->calling || pool->phase == POOL__GONE_PHASE)
            wait_for_driver(pool, deadline); /* a pool that is gone: for who makes callbacks */
        else
            drive_once(pool, deadline);
    }
    pthread_cond_broadcast(&pool->changed); /* whoever waits may have to drive the pool now */
    pool__attend(pool);
    return error;
}
