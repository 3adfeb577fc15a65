/* Runs in the host, with the lock held. Decides which chunk overtakes which. It must never hold a
 * chunk back: a chunk that does not overtake waits its turn in the common ring. */
#include "host/transport/board/express.h"

#include "common/board.h"
#include "common/chunk.h"
#include "host/job/job.h"
#include "host/pool.h"
#include "host/process/members.h"
#include "host/transport/board/account.h"

enum { LONG = 1000000 }; /* nanoseconds: a chunk that takes longer is cut */

/* Whether the job is small beside large ones of its priority, whose chunks are in this ring: they have
 * more than two chunks each on the average, and it has none. Such a job may overtake once for each of
 * their chunks that ends, so that both go on. */
static bool has_turn(const pool_t *pool, const struct pool_future *job, unsigned ring)
{
    return job->chunks == 0 && ring > 0 && pool->courtesy > 0 && pool->rings[ring].chunks > 0 &&
           job->options.priority == pool->rings[ring].priority &&
           pool__outstanding(pool) > 2 * pool->queue.count;
}

unsigned pool__ring_for(const pool_t *pool, const struct pool_future *job)
{
    unsigned ring = POOL__COMMON;
    if (job->broadcast || pool->queue.count == 1)
        return ring; /* a mailbox has no order, and one call has none to overtake */
    while (ring > 0 && pool->rings[ring].chunks > 0 &&
           job->options.priority > pool->rings[ring].priority)
        ring--;
    return has_turn(pool, job, ring) ? ring - 1 : ring;
}

void pool__note_queued(pool_t *pool, const struct pool_future *job, unsigned ring)
{
    if (ring < POOL__COMMON && pool->rings[ring + 1].chunks > 0 &&
        job->options.priority == pool->rings[ring + 1].priority)
        pool->courtesy--;
}

void pool__note_committed(pool_t *pool, const struct pool__chunk *chunk)
{
    if (chunk->ring == POOL__COMMON && pool->courtesy < pool->numbers_given)
        pool->courtesy++;
}

/* Whether what is left of the chunk is likely to take long. It is not known before the first items of
 * the call have ended. */
static bool is_long(const struct pool__chunk *chunk)
{
    double each = (double)chunk->job->item_nanoseconds;
    return chunk->count > 1 && (each <= 0 || each * (double)chunk->count > LONG);
}

/* Cuts the chunk that this worker runs, if it is a long one. Returns whether it was. */
static bool cut(pool_t *pool, int worker)
{
    const struct pool__member *member = &pool->members[worker];
    const struct pool__slot *slot = pool__slot(pool->board, worker, member->life);
    uint32_t number = atomic_load_explicit(&slot->claimed, memory_order_relaxed);
    if (member->pid == 0 || number >= pool->numbers || !pool->chunks[number].job)
        return false;
    const struct pool__chunk *chunk = &pool->chunks[number];
    uint64_t word = atomic_load(&pool__cell(pool, number)->state);
    if (chunk->ring < POOL__COMMON || !is_long(chunk) || pool__word_state(word) != POOL__RUNNING ||
        !pool__word_owned(word, worker, member->life))
        return false;
    uint32_t goes_on = POOL__GOES_ON;
    return atomic_compare_exchange_strong(&pool->board->orders[number].cancelled, &goes_on,
                                          POOL__CUT) ||
           goes_on == POOL__CUT;
}

static bool is_idle(const pool_t *pool, int worker)
{
    const struct pool__slot *slot = pool__slot(pool->board, worker, pool->members[worker].life);
    uint32_t state = atomic_load(&slot->wake_state);
    return state == POOL__SPINNING || state == POOL__WOKEN || state == POOL__ASLEEP;
}

void pool__cut_long(pool_t *pool)
{
    int processes = atomic_load(&pool->board->processes);
    uint64_t wanted = 0;
    if (pool->rings[POOL__COMMON].chunks == pool__outstanding(pool))
        return; /* nothing overtakes */
    for (unsigned ring = 0; ring < POOL__COMMON; ring++)
        wanted += pool__queued_in(pool->board, ring);
    for (int i = 0; i < processes && wanted > 0; i++)
        wanted -= is_idle(pool, i);
    for (int i = 0; i < processes && wanted > 0; i++)
        wanted -= cut(pool, i);
}
