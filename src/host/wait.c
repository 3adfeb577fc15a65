/* Runs in the host: hearing the supervisor, waiting for workers, waking them. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/descriptor.h"
#include "host/pool.h"

enum {
    PATIENCE = 50000,     /* the longest spin, in nanoseconds: about the price of a wake-up */
    SHORT_SLEEP = 150000, /* after a sleep as short as this a spin would have paid */
    TICK = 1000           /* milliseconds between looks at the whole board */
};

/* ---- The supervisor's messages ---- */

static void died(pool_t *pool, const struct pool__message *message)
{
    struct pool__person *person = &pool->people[message->worker];
    struct pool__death death = {.worker = message->worker,
                                .life = message->life,
                                .pid = message->pid,
                                .status = message->status,
                                .faulted = message->faulted,
                                .overflow = message->overflow,
                                .address = message->address};
    if (person->life <= message->life) {
        person->life = message->life;
        person->pid = 0;
    }
    if (!message->ready)
        pool__describe_start_failure(pool, &death);
    pool__reconcile(pool, &death);
}

static void understand(pool_t *pool, const struct pool__message *message)
{
    if (message->worker < 0 || message->worker >= pool->board->processes)
        return;
    switch (message->type) {
    case POOL__HELLO:
        pool->hello = true;
        pool->hello_status = message->status;
        pool->supervisor = message->pid;
        pool->supervisor_pidfd = pool__pidfd(message->pid);
        break;
    case POOL__BORN:
        pool->people[message->worker] = (struct pool__person){message->pid, message->life};
        pool->replaced += message->life > 1;
        break;
    case POOL__DIED:
        died(pool, message);
        break;
    case POOL__BROKEN: {
        struct pool__message end = {.type = POOL__TERMINATE};
        pool->broken = true;
        pool__control_send(pool->crossing.control_host, &end);
        break;
    }
    default:
        break;
    }
}

static void lose(pool_t *pool)
{
    if (pool->phase == POOL__RUNNING_PHASE) {
        pool->broken = true;
        if (!pool->why[0])
            strcpy(pool->why, "the pool's supervisor was killed");
    }
    pool->phase = POOL__GONE_PHASE;
    pool__give_up(pool);
}

void pool__hear(pool_t *pool)
{
    struct pool__message message;
    while (pool->phase != POOL__GONE_PHASE) {
        int got = pool__control_receive(pool->crossing.control_host, &message);
        if (got == -EAGAIN)
            return;
        if (got == 1)
            understand(pool, &message);
        else
            lose(pool);
    }
}

/* ---- Waiting ---- */

static bool committed(const pool_t *pool)
{
    for (size_t i = 0; i < POOL__CHUNKS / 64; i++)
        if (atomic_load(&pool->desk->done[i]))
            return true;
    return false;
}

/* Spins until a worker commits. Only while every busy worker has a processor beside the host's. */
static bool spin(pool_t *pool)
{
    uint64_t commits = atomic_load(&pool->desk->commits);
    uint32_t busy = pool__outstanding(pool);
    if (pool->patience <= PATIENCE / 16 || busy == 0 ||
        busy + 1 > (uint32_t)pool->board->processors)
        return false;
    uint64_t until = pool__now() + pool->patience;
    do {
        for (int i = 0; i < 100; i++) {
            if (atomic_load_explicit(&pool->desk->commits, memory_order_relaxed) != commits) {
                pool->patience = PATIENCE;
                return true;
            }
            pool__relax();
        }
    } while (pool__now() < until);
    pool->patience -= pool->patience / 4;
    return false;
}

/* Empties the result bell. */
static void silence(const pool_t *pool)
{
    char rings[64];
    while (read(pool->crossing.result_read, rings, sizeof rings) == (ssize_t)sizeof rings)
        ;
}

/* Blocks until the result bell rings, the supervisor says something, or time is up. */
static void listen_to_all(pool_t *pool, int milliseconds)
{
    struct pollfd events[2] = {
        {.fd = pool->crossing.control_host, .events = POLLIN},
        {.fd = pool->crossing.result_read, .events = POLLIN},
    };
    if (poll(events, 2, milliseconds) <= 0)
        return;
    if (events[1].revents & POLLIN)
        silence(pool);
    if (events[0].revents)
        pool__hear(pool);
}

static void sleep_until_woken(pool_t *pool, int milliseconds)
{
    uint64_t half = pool__outstanding(pool) / 2;
    uint64_t began = pool__now();
    atomic_store(&pool->desk->wake_at, atomic_load(&pool->desk->commits) + (half ? half : 1));
    if (!committed(pool))
        listen_to_all(pool, milliseconds < 0 || milliseconds > TICK ? TICK : milliseconds);
    atomic_store(&pool->desk->wake_at, 0);
    uint64_t slept = pool__now() - began;
    if (slept < SHORT_SLEEP)
        pool->patience = PATIENCE;
    else if (slept > TICK * 1000000u / 2)
        pool__reconcile(pool, NULL);
}

void pool__wait(pool_t *pool, int milliseconds)
{
    if (!committed(pool) && !spin(pool))
        sleep_until_woken(pool, milliseconds);
}

/* ---- Waking ---- */

/* How many sleeping workers there are more than rings on their way to them. */
static uint64_t unrung(const pool_t *pool, uint64_t queued)
{
    uint64_t sleepers = 0, spinners = 0;
    int rings = 0;
    for (int i = 0; i < pool->board->processes; i++) {
        uint32_t rest = atomic_load(&pool__seat(pool->board, i)->rest);
        sleepers += rest == POOL__ASLEEP;
        spinners += rest == POOL__SPINNING;
    }
    if (sleepers == 0 || queued <= spinners || ioctl(pool->crossing.task_read, FIONREAD, &rings) < 0)
        return 0;
    uint64_t wanted = queued - spinners < sleepers ? queued - spinners : sleepers;
    return wanted > (uint64_t)rings ? wanted - (uint64_t)rings : 0;
}

void pool__ring(pool_t *pool)
{
    static const char rings[256];
    uint64_t tail = atomic_load(&pool->board->tail), head = atomic_load(&pool->desk->head);
    uint64_t queued = head <= tail ? tail - head : POOL__CHUNKS;
    if (atomic_load(&pool->board->closing))
        queued = (uint64_t)pool->board->processes;
    for (uint64_t rest = unrung(pool, queued); rest > 0;) {
        size_t some = rest < sizeof rings ? rest : sizeof rings;
        ssize_t written = write(pool->crossing.task_write, rings, some);
        if (written < 0 && errno != EINTR)
            return; /* full: there are more rings in it than sleepers */
        rest -= written > 0 ? (uint64_t)written : 0;
    }
}
