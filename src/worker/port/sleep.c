/* Runs in a worker: waiting for work.
 *
 * Waking a sleeping process costs far more than a small chunk of work, so a worker without work
 * spins for a while before it sleeps: as long as that has paid lately, and only while there are
 * processors for all who are awake. */
#include <stdio.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/futex.h"
#include "worker/bell.h"
#include "worker/port/port.h"

enum {
    PATIENCE = 50000,     /* the longest spin, in nanoseconds: about the price of a wake-up */
    SHORT_SLEEP = 600000, /* after a sleep as short as this a spin may have paid */
    NAP = 5000            /* milliseconds: then even a sleeper whose wake-up was lost looks again */
};

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
        _exit(POOL__EXIT_BELL_LOST);
}
