/* Runs in the host. Decides in which order the processes of a pool are ended: first they are let
 * go, then told to end, then killed. Every wait here has a limit, except for the function that an
 * inline worker runs, which cannot be stopped. */
#include "host/engine/close.h"

#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <time.h>

#include "common/board.h"
#include "common/clock.h"
#include "host/engine/step.h"
#include "host/engine/waiter.h"
#include "host/pool.h"
#include "host/process/end.h"
#include "host/process/link.h"
#include "host/transport/transport.h"

/* Waits until the supervisor has closed its end of the control channel, and hears it meanwhile.
 * Returns false when the time is up. */
static bool wait_until_gone(pool_t *pool, int milliseconds)
{
    uint64_t deadline = pool__now() + (uint64_t)milliseconds * 1000000u;
    for (;;) {
        pool__hear(pool);
        if (pool->phase == POOL__GONE_PHASE)
            return true;
        struct pollfd channel = {.fd = pool->launch.control_host, .events = POLLIN};
        uint64_t now = pool__now();
        if (now >= deadline)
            return false;
        bool again = pool->tell_at && pool->tell_at < deadline;
        int left = pool__milliseconds(now, again ? pool->tell_at : deadline);
        pthread_mutex_unlock(&pool->lock);
        poll(&channel, 1, left);
        pthread_mutex_lock(&pool->lock);
    }
}

void pool__end_processes(pool_t *pool, bool gently)
{
    int grace = pool->launch.options.grace;
    if (pool->phase == POOL__RUNNING_PHASE)
        pool->phase = POOL__CLOSED_PHASE;
    if (gently) {
        pool__let_leave(pool);
        if (pool->transport->leave)
            pool__leave_worker(pool);
        else if (atomic_load(&pool->board->closing) && wait_until_gone(pool, grace))
            return;
    }
    if (pool->phase == POOL__GONE_PHASE)
        return;
    if (pool->transport->end) {
        pool->transport->end(pool);
        pool__wake_driver(pool);
        return;
    }
    pool->ending = true;
    pool__tell_to_end(pool);
    /* The supervisor waits for `grace` between SIGTERM and SIGKILL, and ends after that. */
    if (wait_until_gone(pool, pool__patience(pool)))
        return;
    /* The supervisor was stopped, or waits for a process that cannot die. */
    pool__kill_supervisor(pool);
    wait_until_gone(pool, 1000);
}

void pool__shut_down(pool_t *pool, bool gently)
{
    pool__end_processes(pool, gently);
    pool__bury_supervisor(pool);
}

int pool__patience(const pool_t *pool)
{
    int grace = pool->launch.options.grace;
    return grace < INT_MAX - 1000 ? grace + 1000 : grace;
}

bool pool__let_out(pool_t *pool)
{
    uint64_t deadline = pool__now() + (uint64_t)pool__patience(pool) * 1000000u;
    const struct timespec until = pool__timespec(deadline);
    pool->emptying = true;
    pool__announce(pool);
    while (atomic_load(&pool->inside) > 1 && pool__now() < deadline)
        pthread_cond_timedwait(&pool->changed, &pool->lock, &until);
    return atomic_load(&pool->inside) == 1;
}
