/* Runs in a worker: waiting for work, and waking the host.
 *
 * Waking a sleeping process costs far more than a small chunk of work, so a worker without work
 * spins for a while before it sleeps: as long as that has paid lately, and only while there are
 * processors for all who are awake. */
#include "worker/worker.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"

enum {
    EXIT_BELL_LOST = 124,
    PATIENCE = 50000,    /* the longest spin, in nanoseconds: about the price of a wake-up */
    SHORT_SLEEP = 600000 /* after a sleep as short as this a spin may have paid */
};

void pool__bell_init(struct bell *bell, int descriptor)
{
    struct stat stat;
    bell->descriptor = descriptor;
    if (fstat(descriptor, &stat) == 0) {
        bell->device = stat.st_dev;
        bell->inode = stat.st_ino;
    }
}

/* A task closed the descriptor, or put a file of its own in its place: this worker cannot go on,
 * and its replacement can. */
static void check_bell(const struct bell *bell)
{
    struct stat stat;
    if (fstat(bell->descriptor, &stat) < 0 || stat.st_dev != bell->device ||
        stat.st_ino != bell->inode)
        _exit(EXIT_BELL_LOST);
}

void pool__wake_host(struct worker *worker, bool now)
{
    _Atomic uint64_t *wake_at = &worker->desk->wake_at;
    uint64_t target = atomic_load(wake_at);
    if (target == 0 || (!now && atomic_load(&worker->desk->commits) < target))
        return;
    if (!atomic_compare_exchange_strong(wake_at, &target, 0))
        return;
    check_bell(&worker->host_bell);
    while (write(worker->host_bell.descriptor, "", 1) < 0 && errno == EINTR)
        ; /* a full pipe has rung already */
}

static bool has_work(const struct worker *worker)
{
    return atomic_load(&worker->board->tail) > atomic_load(&worker->desk->head) ||
           atomic_load(&worker->board->closing);
}

/* Whether more processes of the pool are awake than there are processors. */
static bool crowded(const struct worker *worker)
{
    int awake = atomic_load(&worker->desk->wake_at) == 0; /* the host */
    for (int i = 0; i < worker->board->processes && awake <= worker->board->processors; i++)
        awake += atomic_load_explicit(&pool__seat(worker->board, i)->rest, memory_order_relaxed) !=
                 POOL__ASLEEP;
    return awake > worker->board->processors;
}

static bool spin(struct worker *worker)
{
    uint64_t until = pool__now() + worker->patience;
    atomic_store(&worker->seat->rest, POOL__SPINNING);
    while (!crowded(worker) && pool__now() < until) {
        for (int i = 0; i < 100; i++) {
            if (has_work(worker)) {
                atomic_store(&worker->seat->rest, POOL__AWAKE);
                worker->patience = PATIENCE;
                return true;
            }
            pool__relax();
        }
    }
    worker->patience -= worker->patience / 4;
    return false;
}

/* Blocks until the doorbell rings. Its end-of-file means that the host is gone. */
static void wait_for_bell(const struct bell *bell)
{
    char ring;
    for (;;) {
        check_bell(bell);
        ssize_t got = read(bell->descriptor, &ring, 1);
        if (got == 1)
            return;
        if (got == 0)
            _exit(0);
        if (errno == EAGAIN) { /* a task made it non-blocking */
            struct pollfd ready = {.fd = bell->descriptor, .events = POLLIN};
            poll(&ready, 1, -1);
        } else if (errno != EINTR) {
            _exit(EXIT_BELL_LOST);
        }
    }
}

void pool__rest(struct worker *worker)
{
    if (worker->patience > PATIENCE / 16 && spin(worker))
        return;
    fflush(stdout);
    if (!worker->told) /* the host may be waiting for more than is coming soon */
        pool__wake_host(worker, true);
    worker->told = true;
    uint64_t began = pool__now();
    atomic_store(&worker->seat->rest, POOL__ASLEEP);
    if (!has_work(worker)) /* whoever publishes now sees us asleep, and rings */
        wait_for_bell(&worker->task_bell);
    atomic_store(&worker->seat->rest, POOL__AWAKE);
    if (pool__now() - began < SHORT_SLEEP)
        worker->patience = PATIENCE;
}
