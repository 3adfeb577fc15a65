/* Runs in a worker: waits for work.
 *
 * Waking a sleeping process costs far more than a small chunk of work. So a worker without work
 * spins for a while before it sleeps, as long as spinning has paid lately (common/spin.h), and only
 * while there is a processor for every process of the pool that is awake. */
#include <stdio.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/futex.h"
#include "worker/bell.h"
#include "worker/port/port.h"

enum { NAP = 5000 }; /* milliseconds of the longest sleep, in case a wake-up was lost */

/* Whether there may be a chunk to claim, or there is a reason to leave. */
static bool should_wake(const struct worker *worker)
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

/* Spins until there may be work. False when the time is over or there are too few processors. */
static bool spin(struct worker *worker)
{
    if (!pool__spin_begin(&worker->spin, pool__now()) || crowded(worker))
        return false;
    atomic_store(&worker->slot->wake_state, POOL__SPINNING);
    do {
        for (int i = 0; i < 100; i++) {
            if (should_wake(worker)) {
                atomic_store(&worker->slot->wake_state, POOL__AWAKE);
                pool__spin_paid(&worker->spin);
                return true;
            }
            pool__relax();
        }
    } while (!crowded(worker) && pool__spin_goes_on(&worker->spin, pool__now()));
    return false;
}

/* Milliseconds to sleep: until idle_timeout is over, and never longer than NAP. */
static int nap(const struct worker *worker, uint64_t now)
{
    uint64_t limit = (uint64_t)worker->launch->options.idle_timeout * 1000000u;
    int left = limit ? pool__milliseconds(now, worker->idle_since + limit) : NAP;
    return left < NAP ? left : NAP;
}

void pool__rest(struct worker *worker)
{
    _Atomic uint32_t *state = &worker->slot->wake_state;
    if (spin(worker))
        return;
    fflush(stdout);
    if (!worker->commits_reported) /* the host may wait for more commits than will come soon */
        pool__wake_host(worker, true);
    worker->commits_reported = true;
    uint64_t began = pool__now();
    if (worker->idle_since == 0)
        worker->idle_since = began;
    atomic_store(state, POOL__ASLEEP);
    if (!should_wake(
            worker)) /* a chunk published after this look: the host sees ASLEEP, and wakes */
        pool__futex_wait(state, POOL__ASLEEP, nap(worker, began));
    atomic_store(state, POOL__AWAKE);
    pool__spin_slept(&worker->spin, began, pool__now());
    if (!pool__supervised(worker))
        _exit(POOL__EXIT_BELL_LOST);
}
