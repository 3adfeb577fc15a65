/* Runs in the host: hearing the supervisor, waiting for workers, waking them. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "common/board.h"
#include "common/clock.h"
#include "common/control.h"
#include "common/descriptor.h"
#include "common/futex.h"
#include "host/job/queue.h"
#include "host/pool.h"
#include "host/process/link.h"

enum {
    PATIENCE = 50000,    /* the longest spin, in nanoseconds: about the price of a wake-up */
    SHORT_SLEEP = 600000 /* after a sleep as short as this a spin may have paid */
};

/* ---- Waiting ---- */

static bool committed(const pool_t *pool)
{
    for (size_t i = 0; i < POOL__CHUNKS / 64; i++)
        if (atomic_load(&pool->writable->done[i]))
            return true;
    return false;
}

/* Spins until a worker commits. Only while every busy worker has a processor beside the host's. */
static bool spin(pool_t *pool, uint32_t busy)
{
    uint64_t commits = atomic_load(&pool->writable->commits);
    if (pool->patience <= PATIENCE / 16 || busy == 0 ||
        busy + 1 > (uint32_t)pool->board->processors)
        return false;
    uint64_t until = pool__now() + pool->patience;
    do {
        for (int i = 0; i < 100; i++) {
            if (atomic_load_explicit(&pool->writable->commits, memory_order_relaxed) != commits) {
                pool->patience = PATIENCE;
                return true;
            }
            pool__relax();
        }
    } while (pool__now() < until);
    pool->patience -= pool->patience / 4;
    return false;
}

void pool__silence(const pool_t *pool)
{
    char rings[64];
    while (read(pool->launch.result_read, rings, sizeof rings) == (ssize_t)sizeof rings)
        ;
    if (read(pool->launch.driver_bell, rings, sizeof(uint64_t)) < 0)
        return; /* nobody has nudged */
}

void pool__wake_driver(pool_t *pool)
{
    const uint64_t one = 1;
    if (pool__is_serial(pool))
        pthread_cond_broadcast(&pool->changed);
    if (!pool->driving && pool->epoll < 0)
        return;
    while (write(pool->launch.driver_bell, &one, sizeof one) < 0 && errno == EINTR)
        ;
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

static void sleep_until_woken(pool_t *pool, uint32_t patient, int milliseconds)
{
    uint64_t began = pool__now();
    atomic_store(&pool->writable->wake_at, atomic_load(&pool->writable->commits) + patient);
    if (!committed(pool))
        pool__block(pool, milliseconds);
    atomic_store(&pool->writable->wake_at, 0);
    if (pool__now() - began < SHORT_SLEEP)
        pool->patience = PATIENCE;
}

void pool__wait(pool_t *pool, uint32_t outstanding, bool eager, int milliseconds)
{
    uint32_t patient = eager || outstanding < 4 ? 1 : outstanding / 2;
    if (!committed(pool) && !spin(pool, outstanding))
        sleep_until_woken(pool, patient, milliseconds);
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
    bool alone = pool->phase == POOL__GONE_PHASE || pool__is_serial(pool);
    int count = alone ? 2 : 4; /* the others are at their ends, or were never opened */
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

void pool__set_alarm(pool_t *pool)
{
    struct itimerspec time = {0};
    bool now = pool->news || pool__loop_wanted(pool);
    uint64_t at = now ? 1 : pool__earliest(pool, UINT64_MAX);
    if (pool->epoll < 0 || at == pool->alarm_at)
        return;
    if (at != UINT64_MAX)
        time.it_value = (struct timespec){.tv_sec = (time_t)(at / 1000000000u),
                                          .tv_nsec = (long)(at % 1000000000u)};
    timerfd_settime(pool->alarm, TFD_TIMER_ABSTIME, &time, NULL); /* and it is not readable now */
    pool->alarm_at = at;
}

bool pool__listen(pool_t *pool)
{
    atomic_store(&pool->writable->wake_at, atomic_load(&pool->writable->commits) + 1);
    return !committed(pool);
}

void pool__attend(pool_t *pool)
{
    pool__loop_hold(pool);
    pool__set_alarm(pool);
    if (pool->epoll < 0 || !pool->unfinished)
        return;
    if (pool__is_serial(pool) ? pool__serial_due(pool) : !pool__listen(pool))
        pool__wake_driver(pool);
}

/* ---- Waking ---- */

/* Wakes the worker in this slot if it sleeps. */
static bool wake(struct pool__slot *slot)
{
    uint32_t asleep = POOL__ASLEEP;
    if (atomic_load(&slot->wake_state) != POOL__ASLEEP ||
        !atomic_compare_exchange_strong(&slot->wake_state, &asleep, POOL__WOKEN))
        return false;
    pool__futex_wake(&slot->wake_state);
    return true;
}

void pool__wake_worker(pool_t *pool, int worker)
{
    wake(pool__slot(pool->board, worker, 0));
    wake(pool__slot(pool->board, worker, 1));
}

/* Counts those who will take a chunk without being woken, and the numbers that nobody has. */
static void count_slots(const pool_t *pool, int processes, uint64_t *coming, int *vacant)
{
    for (int i = 0; i < processes; i++) {
        uint32_t even = atomic_load(&pool__slot(pool->board, i, 0)->wake_state);
        uint32_t odd = atomic_load(&pool__slot(pool->board, i, 1)->wake_state);
        *coming += even == POOL__SPINNING || even == POOL__WOKEN;
        *coming += odd == POOL__SPINNING || odd == POOL__WOKEN;
        *vacant += even == POOL__VACANT && odd == POOL__VACANT;
    }
}

void pool__wake_some(pool_t *pool)
{
    if (pool__is_serial(pool)) {
        pool__wake_driver(pool); /* who waits is who works */
        return;
    }
    int processes = atomic_load(&pool->board->processes), vacant = 0;
    uint64_t tail = atomic_load(&pool->board->tail), head = atomic_load(&pool->writable->head);
    uint64_t queued = head <= tail ? tail - head : POOL__CHUNKS, coming = 0;
    if (queued == 0)
        return;
    count_slots(pool, processes, &coming, &vacant);
    for (int i = 0; i < 2 * processes && coming < queued; i++)
        coming += wake(pool__slot(pool->board, i / 2, (uint32_t)i));
    if (coming < queued && vacant && pool->launch.options.idle_timeout)
        pool__recall_idle(pool);
}

void pool__recall_idle(pool_t *pool)
{
    if (atomic_exchange(&pool->board->recall_pending, 1) == 0 &&
        !pool__tell(pool, POOL__LOOK, 0, 0))
        atomic_store(&pool->board->recall_pending, 0);
}

void pool__wake_all(pool_t *pool)
{
    for (int i = 0; i < 2 * pool->numbers_given; i++)
        pool__futex_wake(&pool__slot(pool->board, i / 2, (uint32_t)i)->wake_state);
    if (pool->launch.options.idle_timeout)
        pool__recall_idle(pool);
}
