/* Runs in the host, with the lock held except in pool__block(). Owns what a thread of the host
 * sleeps on, and the descriptor and timer of pool_fileno(). It sleeps in pool__block() alone; all
 * other functions only wake, or say when to wake. */
#include "host/engine/bell.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "common/descriptor.h"
#include "host/engine/home.h"
#include "host/job/queue.h"
#include "host/pool.h"
#include "host/transport/board/wake.h"
#include "host/transport/inline/inline.h"

void pool__silence(const pool_t *pool)
{
    char bytes[64];
    while (read(pool->launch.result_read, bytes, sizeof bytes) == (ssize_t)sizeof bytes)
        ;
    if (read(pool->launch.driver_bell, bytes, sizeof(uint64_t)) < 0)
        return; /* the bell was empty */
}

void pool__ring(const pool_t *pool)
{
    const uint64_t one = 1;
    while (write(pool->launch.driver_bell, &one, sizeof one) < 0 && errno == EINTR)
        ;
}

void pool__wake_driver(pool_t *pool)
{
    if (pool__is_serial(pool))
        pthread_cond_broadcast(&pool->changed);
    if (pool->driving || pool->epoll >= 0)
        pool__ring(pool);
}

void pool__announce(pool_t *pool)
{
    pool->news = true;
    pthread_cond_broadcast(&pool->changed);
    if (pool->driving)
        pool__wake_driver(pool);
}

void pool__block(const pool_t *pool, int milliseconds)
{
    struct pollfd events[3] = {
        {.fd = pool->launch.control_host, .events = POLLIN},
        {.fd = pool->launch.result_read, .events = POLLIN},
        {.fd = pool->launch.driver_bell, .events = POLLIN},
    };
    if (poll(events, 3, milliseconds) > 0 && ((events[1].revents | events[2].revents) & POLLIN))
        pool__silence(pool);
}

/* ---- A program's own loop ---- */

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
    bool alone = pool->phase == POOL__GONE_PHASE || pool__is_serial(pool);
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

/* Whether the callback home has something to do that no other thread may do. */
static bool home_is_wanted(const pool_t *pool)
{
    const struct pool__callback_home *home = pool->callback_home;
    return home && (home->held != (pool->queue.unfinished > 0) ||
                    (!pool->calling && pool__queue_calls(&pool->queue)));
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
    bool now = pool->news || home_is_wanted(pool);
    uint64_t at = now ? 1 : pool__earliest(pool, UINT64_MAX);
    if (pool->epoll < 0 || at == pool->alarm_at)
        return;
    if (at != UINT64_MAX)
        time.it_value = (struct timespec){.tv_sec = (time_t)(at / 1000000000u),
                                          .tv_nsec = (long)(at % 1000000000u)};
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
    if (pool__is_serial(pool) ? pool__serial_due(pool) : !pool__listen(pool))
        pool__wake_driver(pool);
}
