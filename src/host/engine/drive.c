/* Runs in the host: decides which thread waits for the workers.
 *
 * One lock guards the pool. Of the threads that wait in the library, a single thread drives the
 * pool for all. It sleeps without the lock until workers have something to say; then it steps. The
 * other threads wait for the condition `changed`. When the driving thread leaves, one of them takes
 * over. A thread that sleeps here does not hold the lock. */
#include "host/engine/drive.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>

#include "common/clock.h"
#include "host/engine/bell.h"
#include "host/engine/notify.h"
#include "host/engine/step.h"
#include "host/job/queue.h"
#include "host/pool.h"
#include "host/transport/board/account.h"
#include "host/transport/board/wake.h"
#include "host/transport/inline/inline.h"

/* Sleeps, for all threads that wait, until workers have something to say or the first deadline has
 * come. */
static void drive_once(pool_t *pool, uint64_t deadline)
{
    uint64_t until = pool__earliest(pool, deadline);
    uint32_t outstanding = pool__outstanding(pool);
    bool eager = pool__queue_eager(&pool->queue);
    int milliseconds = until == UINT64_MAX ? -1 : pool__milliseconds(pool__now(), until);
    pool->driving = true;
    pthread_mutex_unlock(&pool->lock);
    pool__wait(pool, outstanding, eager, milliseconds);
    pthread_mutex_lock(&pool->lock);
    pool->driving = false;
}

/* Waits until `changed` is signalled, by the driving thread or by another. */
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

/* Waits until something has changed, or the deadline has come. */
static void wait_for_change(pool_t *pool, uint64_t deadline)
{
    /* Callbacks that only the callback home may make: the alarm has the home make them. */
    pool__set_alarm(pool);
    /* A serial pool has no process to wait for. In a pool that is gone only callbacks are left, and
     * another thread makes them. */
    if (pool__is_serial(pool))
        wait_for_driver(pool, pool__earliest(pool, deadline));
    else if (pool->driving || pool->calling || pool->phase == POOL__GONE_PHASE)
        wait_for_driver(pool, deadline);
    else
        drive_once(pool, deadline);
}

bool pool__is_interrupted(pool_t *pool, unsigned known)
{
    unsigned interrupts = atomic_load(&pool->interrupts);
    if (interrupts == known)
        return false;
    pool->answered = interrupts;
    return true;
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
    unsigned known = pool->answered;
    int error = 0;
    if (pool__in_callback(pool))
        return POOL_EBUSY;
    if (milliseconds >= 0)
        deadline = pool__now() + (uint64_t)milliseconds * 1000000u;
    for (;;) {
        pool__work(pool); /* safe beside a driving thread, which is asleep without the lock */
        pool__make_calls(pool);
        if (over(argument))
            break;
        if (pool__is_interrupted(pool, known)) {
            error = -EINTR;
            break;
        }
        if (pool__now() >= deadline) {
            error = -ETIMEDOUT;
            break;
        }
        if (!pool__serial_due(pool))
            wait_for_change(pool, deadline);
    }
    pthread_cond_broadcast(&pool->changed); /* a thread that waits may have to drive the pool now */
    pool__attend(pool);
    return error;
}
