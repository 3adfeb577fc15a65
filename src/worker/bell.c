/* Runs in a worker: waiting for work, and waking the host.
 *
 * Waking a sleeping process costs far more than a small chunk of work, so a worker without work
 * spins for a while before it sleeps: as long as that has paid lately, and only while there are
 * processors for all who are awake. */
#include "worker/self.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/futex.h"

enum {
    EXIT_BELL_LOST = 124,
    PATIENCE = 50000,     /* the longest spin, in nanoseconds: about the price of a wake-up */
    SHORT_SLEEP = 600000, /* after a sleep as short as this a spin may have paid */
    NAP = 5000            /* milliseconds: then even a sleeper whose wake-up was lost looks again */
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
    _Atomic uint64_t *wake_at = &worker->writable->wake_at;
    uint64_t target = atomic_load(wake_at);
    if (target == 0 || (!now && atomic_load(&worker->writable->commits) < target))
        return;
    if (!atomic_compare_exchange_strong(wake_at, &target, 0))
        return;
    check_bell(&worker->host_bell);
    while (write(worker->host_bell.descriptor, "", 1) < 0 && errno == EINTR)
        ; /* a full pipe has rung already */
}

bool pool__supervised(const struct worker *worker)
{
    return getppid() == worker->supervisor;
}

/* Whether there is something to do, or a reason to leave. */
static bool is_called(const struct worker *worker)
{
    return pool__queued(worker->board) > 0 || pool__superfluous(worker) ||
           pool__dismissed(worker) || pool__mailbox_full(worker->board, worker->number);
}

/* Whether more processes of the pool are awake than there are processors. */
static bool crowded(const struct worker *worker)
{
    int processes = atomic_load(&worker->board->processes);
    int awake = atomic_load(&worker->writable->wake_at) == 0; /* the host */
    for (int i = 0; i < 2 * processes && awake <= worker->board->processors; i++) {
        const struct pool__slot *slot = pool__slot(worker->board, i / 2, (uint32_t)i);
        uint32_t state = atomic_load_explicit(&slot->wake_state, memory_order_relaxed);
        awake += state == POOL__AWAKE || state == POOL__SPINNING || state == POOL__WOKEN;
    }
    return awake > worker->board->processors;
}

static bool spin(struct worker *worker)
{
    uint64_t until = pool__now() + worker->patience;
    atomic_store(&worker->slot->wake_state, POOL__SPINNING);
    while (!crowded(worker) && pool__now() < until) {
        for (int i = 0; i < 100; i++) {
            if (is_called(worker)) {
                atomic_store(&worker->slot->wake_state, POOL__AWAKE);
                worker->patience = PATIENCE;
                return true;
            }
            pool__relax();
        }
    }
    worker->patience -= worker->patience / 4;
    return false;
}

/* Until it is time to leave for want of work, or to look whether a wake-up was lost. */
static int nap(const struct worker *worker, uint64_t now)
{
    uint64_t limit = (uint64_t)worker->launch->options.idle_timeout * 1000000u;
    int left = limit ? pool__milliseconds(now, worker->idle_since + limit) : NAP;
    return left < NAP ? left : NAP;
}

void pool__rest(struct worker *worker)
{
    _Atomic uint32_t *state = &worker->slot->wake_state;
    if (worker->patience > PATIENCE / 16 && spin(worker))
        return;
    fflush(stdout);
    if (!worker->commits_reported) /* the host may be waiting for more than is coming soon */
        pool__wake_host(worker, true);
    worker->commits_reported = true;
    uint64_t began = pool__now();
    if (worker->idle_since == 0)
        worker->idle_since = began;
    atomic_store(state, POOL__ASLEEP);
    if (!is_called(worker)) /* whoever publishes now sees us asleep, and rings */
        pool__futex_wait(state, POOL__ASLEEP, nap(worker, began));
    atomic_store(state, POOL__AWAKE);
    if (pool__now() - began < SHORT_SLEEP)
        worker->patience = PATIENCE;
    if (!pool__supervised(worker))
        _exit(EXIT_BELL_LOST);
}
