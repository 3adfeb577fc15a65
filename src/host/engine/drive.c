/* Runs in the host: decides which thread waits for the workers.
 *
 * One lock guards the pool. Of the threads that wait in the library, a single thread drives the
 * pool for all. It sleeps without the lock until workers have something to say; then it steps. Each
 * of the other threads sleeps until what it waits for has changed. When the driving thread leaves,
 * one of them takes over. A thread that sleeps here does not hold the lock. */
#include "host/engine/drive.h"

#include <errno.h>
#include <pthread.h>

#include "common/clock.h"
#include "host/engine/alarm.h"
#include "host/engine/bell.h"
#include "host/engine/notify.h"
#include "host/engine/step.h"
#include "host/engine/waiter.h"
#include "host/job/job.h"
#include "host/job/queue.h"
#include "host/pool.h"
#include "host/transport/transport.h"

/* Waits, without the lock, until there may be something to do. `outstanding` chunks are under way:
 * the host sleeps until half of them have ended, or until any has if `eager` or if there are fewer
 * than 4. The sleep also ends by the supervisor's messages and by pool__wake_driver(). */
static void wait_for_workers(pool_t *pool, uint32_t outstanding, bool eager, int milliseconds)
{
    const struct pool__transport_ops *transport = pool->transport;
    if (transport->spin(pool, outstanding))
        return;
    if (transport->arm(pool, eager || outstanding < 4 ? 1 : outstanding / 2))
        pool__block(pool, milliseconds);
    transport->disarm(pool);
}

/* Sleeps, for all threads that wait, until workers have something to say or the first deadline has
 * come. */
static void drive_once(pool_t *pool, struct pool__waiter *waiter, uint64_t deadline)
{
    uint64_t until = pool__earliest(pool, deadline);
    uint32_t outstanding = pool->transport->outstanding(pool);
    bool eager = pool__queue_eager(&pool->queue);
    int milliseconds = until == UINT64_MAX ? -1 : pool__milliseconds(pool__now(), until);
    waiter->state = POOL__WAITER_DRIVES;
    pool->driver = waiter;
    pool->driven_until = until;
    pool->driven_eagerly = eager;
    pthread_mutex_unlock(&pool->lock);
    wait_for_workers(pool, outstanding, eager, milliseconds);
    pthread_mutex_lock(&pool->lock);
    pool->driver = NULL;
    waiter->state = POOL__WAITER_RUNS;
}

/* Waits until something has changed, or the deadline has come. */
static void wait_for_change(pool_t *pool, struct pool__waiter *waiter, uint64_t deadline)
{
    /* Callbacks that only the callback home may make: the alarm has the home make them. */
    pool__set_alarm(pool);
    /* Where threads of the host run the chunks, there is no process to wait for. In a pool that is
     * gone only callbacks are left, and another thread makes them. */
    if (pool->transport->run_here)
        pool__waiter_sleep(pool, waiter, pool__earliest(pool, deadline));
    else if (pool->driver || pool->calling || pool->phase == POOL__GONE_PHASE)
        pool__waiter_sleep(pool, waiter, deadline);
    else
        drive_once(pool, waiter, deadline);
}

bool pool__is_interrupted(pool_t *pool, unsigned known)
{
    unsigned interrupts = atomic_load(&pool->interrupts);
    if (interrupts == known)
        return false;
    pool->answered = interrupts;
    return true;
}

bool pool__at_once(void *unused)
{
    (void)unused;
    return true;
}

/* Steps and waits in turn. Returns as pool__drive() does. */
static int drive(pool_t *pool, struct pool__waiter *waiter, bool (*over)(void *argument),
                 void *argument, uint64_t deadline)
{
    unsigned known = pool->answered;
    for (;;) {
        pool__work(pool); /* safe beside a driving thread, which is asleep without the lock */
        pool__make_calls(pool);
        if (over(argument))
            return 0;
        if (pool__is_interrupted(pool, known)) {
            pool__announce(pool); /* all that wait are interrupted */
            return -EINTR;
        }
        if (pool__now() >= deadline)
            return -ETIMEDOUT;
        if (!pool->transport->can_run || !pool->transport->can_run(pool))
            wait_for_change(pool, waiter, deadline);
    }
}

int pool__drive(pool_t *pool, bool (*over)(void *argument), void *argument, struct pool__set *set,
                int milliseconds)
{
    struct pool__waiter waiter = {.state = POOL__WAITER_RUNS, .wake = PTHREAD_COND_INITIALIZER};
    if (pool__in_callback(pool))
        return POOL_EBUSY;
    if (set)
        set->waiter = &waiter;
    int error = drive(pool, &waiter, over, argument, pool__deadline(milliseconds));
    if (set)
        set->waiter = NULL;
    pool__next_driver(pool);
    pool__attend(pool);
    pthread_cond_destroy(&waiter.wake);
    return error;
}

static bool has_ended(void *job)
{
    return ((const struct pool_future *)job)->callback_done;
}

int pool__drive_for(struct pool_future *job, bool (*over)(void *argument), void *argument,
                    int milliseconds)
{
    struct pool__set set = {0};
    struct pool__watch watch = {0};
    pool__watch(&set, &watch, job);
    int error = pool__drive(job->pool, over, argument, &set, milliseconds);
    pool__unwatch(&watch);
    return error;
}

int pool__drive_job(struct pool_future *job, int milliseconds)
{
    return pool__drive_for(job, has_ended, job, milliseconds);
}
