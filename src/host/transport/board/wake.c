/* Runs in the host: says when the host sleeps until workers commit, and wakes workers.
 *
 * Before the host sleeps it says so in `wake_at`, and then looks once more. A worker commits first,
 * and then reads `wake_at`. So one of the two always notices the other. A wake-up means no more
 * than "look". The slots are hints: they decide only which workers are woken. */
#include "host/transport/board/wake.h"

#include "common/board.h"
#include "common/clock.h"
#include "common/futex.h"
#include "host/pool.h"
#include "host/process/link.h"

/* Whether workers have told of commits since the host last collected. */
static bool committed(const pool_t *pool)
{
    return atomic_load(&pool->writable->commits) !=
           atomic_load_explicit(&pool->collected, memory_order_relaxed);
}

/* Spins until a worker commits. False when the time is over; at once if spinning has not paid
 * lately, or if the host and the busy workers together need more processors than there are. */
static bool spin(pool_t *pool, uint32_t busy)
{
    uint64_t commits = atomic_load(&pool->writable->commits);
    if (busy == 0 || busy + 1 > (uint32_t)pool->board->processors ||
        !pool__spin_begin(&pool->spin, pool__now()))
        return false;
    do {
        for (int i = 0; i < 100; i++) {
            if (atomic_load_explicit(&pool->writable->commits, memory_order_relaxed) != commits) {
                pool__spin_paid(&pool->spin);
                return true;
            }
            pool__relax();
        }
    } while (pool__spin_goes_on(&pool->spin, pool__now()));
    return false;
}

bool pool__await_commit(pool_t *pool, uint32_t outstanding)
{
    return committed(pool) || spin(pool, outstanding);
}

bool pool__arm(pool_t *pool, uint32_t enough)
{
    pool->armed_at = pool__now();
    atomic_store(&pool->writable->wake_at, atomic_load(&pool->writable->commits) + enough);
    return !committed(pool);
}

void pool__disarm(pool_t *pool)
{
    atomic_store(&pool->writable->wake_at, 0);
    pool__spin_slept(&pool->spin, pool->armed_at, pool__now());
}

bool pool__listen(pool_t *pool)
{
    atomic_store(&pool->writable->wake_at, atomic_load(&pool->writable->commits) + 1);
    return !committed(pool);
}

/* ---- Waking ---- */

/* Wakes the worker in this slot if it sleeps. Returns whether it did. */
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

void pool__wake_from(pool_t *pool, int first)
{
    for (int i = first; i < pool->numbers_given; i++)
        pool__wake_worker(pool, i);
}

/* Counts the workers that will look for a chunk without being woken, and the numbers that no worker
 * has. */
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

/* How many workers the tickets in this ring need at most. Where the head is senseless all do. */
static uint64_t to_claim(const pool_t *pool, unsigned ring)
{
    uint64_t tail = atomic_load(&pool->board->tails[ring]);
    uint64_t head = atomic_load(&pool->writable->heads[ring]);
    return head <= tail ? tail - head : POOL__CHUNKS;
}

void pool__wake_some(pool_t *pool)
{
    int processes = atomic_load(&pool->board->processes), vacant = 0;
    uint64_t queued = 0, coming = 0;
    for (unsigned ring = 0; ring < POOL__RINGS; ring++)
        queued += to_claim(pool, ring);
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
    if (atomic_exchange(&pool->writable->recall_pending, 1) == 0)
        pool__tell(pool);
}

/* What the slots and `recall_pending` say is ignored, since a wild write may have made a sleeping
 * worker look awake, or a request look made. */
void pool__wake_all(pool_t *pool)
{
    for (int i = 0; i < 2 * pool->numbers_given; i++)
        pool__futex_wake(&pool__slot(pool->board, i / 2, (uint32_t)i)->wake_state);
    atomic_store(&pool->writable->recall_pending, 0);
    if (pool->launch.options.idle_timeout)
        pool__recall_idle(pool);
}
