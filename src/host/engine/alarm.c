/* Runs in the host, with the lock held. Owns the descriptor and the timer of pool_fileno(). It only
 * says when a program's own loop is to wake. */
#include "host/engine/alarm.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>

#include "common/clock.h"
#include "common/descriptor.h"
#include "host/engine/bell.h"
#include "host/engine/home.h"
#include "host/engine/waiter.h"
#include "host/job/queue.h"
#include "host/pool.h"
#include "host/transport/transport.h"

int pool__open_epoll(pool_t *pool)
{
    int epoll, error = pool__epoll(&epoll);
    if (error)
        return error;
    error = pool__timerfd(&pool->alarm);
    int all[4] = {pool->alarm, pool->launch.driver_bell, pool->launch.control_host,
                  pool->launch.result_read};
    /* The channels to a supervisor that is gone are at their end-of-file. A serial pool has
     * none. */
    bool alone = pool->phase == POOL__GONE_PHASE || pool->transport->in_host;
    int count = alone ? 2 : 4;
    for (int i = 0; i < count && !error; i++) {
        struct epoll_event event = {.events = EPOLLIN};
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, all[i], &event) < 0)
            error = -errno;
    }
    if (error) {
        pool__close(&pool->alarm);
        pool__close(&epoll);
    }
    pool->epoll = epoll;
    return error;
}

void pool__forget_channels(const pool_t *pool)
{
    if (pool->epoll < 0)
        return;
    epoll_ctl(pool->epoll, EPOLL_CTL_DEL, pool->launch.control_host, NULL);
    epoll_ctl(pool->epoll, EPOLL_CTL_DEL, pool->launch.result_read, NULL);
}

uint64_t pool__earliest(const pool_t *pool, uint64_t deadline)
{
    uint64_t earliest = pool__queue_earliest(&pool->queue);
    earliest = earliest < deadline ? earliest : deadline;
    if (pool->look_at && pool->look_at < earliest)
        earliest = pool->look_at;
    if (pool->tell_at && pool->tell_at < earliest)
        earliest = pool->tell_at;
    return earliest;
}

void pool__look_sooner(pool_t *pool)
{
    if (pool->driver && (pool__earliest(pool, UINT64_MAX) < pool->driven_until ||
                         (pool__queue_eager(&pool->queue) && !pool->driven_eagerly)))
        pool__ring(pool);
}

/* Whether the loop has something to do now: its caller is to be told, calls have ended whose last
 * callbacks are due, or the callback home is to be held or let go. */
static bool is_wanted(const pool_t *pool)
{
    const struct pool__callback_home *home = pool->callback_home;
    return pool->news || (!pool->calling && pool__queue_calls(&pool->queue)) ||
           (home && home->held != (pool->queue.unfinished > 0));
}

/* Has the callback home go on while calls have not ended, and end afterwards. Does nothing in a
 * thread that is not the home's: pool__set_alarm() then wakes the home. */
static void hold_home(pool_t *pool)
{
    struct pool__callback_home *home = pool->callback_home;
    bool unfinished = pool->queue.unfinished > 0;
    if (home && home->is_here(home) && home->held != unfinished)
        home->hold(home, unfinished);
}

void pool__set_alarm(pool_t *pool)
{
    struct itimerspec time = {0};
    uint64_t at = is_wanted(pool) ? 1 : pool__earliest(pool, UINT64_MAX);
    if (pool->epoll < 0 || at == pool->alarm_at)
        return;
    if (at != UINT64_MAX)
        time.it_value = pool__timespec(at);
    /* A timer that has run out is no longer readable after this. */
    timerfd_settime(pool->alarm, TFD_TIMER_ABSTIME, &time, NULL);
    pool->alarm_at = at;
}

void pool__attend(pool_t *pool)
{
    hold_home(pool);
    pool__set_alarm(pool);
    if (pool->epoll < 0 || !pool->queue.unfinished)
        return;
    /* Work for the inline worker, or a commit made before this thread listened, makes the
     * descriptor readable at once. */
    if (!pool->transport->listen(pool))
        pool__wake_driver(pool);
}
