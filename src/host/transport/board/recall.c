/* Runs in the host: takes chunks back from the workers. The first compare-and-swap on a chunk's
 * word decides: a chunk that its owner has committed before is not taken. It must not free the
 * memory of a chunk whose owner may still write there. With the lock held. */
#include "host/transport/board/recall.h"

#include <errno.h>
#include <signal.h>

#include "common/board.h"
#include "common/chunk.h"
#include "host/job/ends.h"
#include "host/job/job.h"
#include "host/job/queue.h"
#include "host/job/window.h"
#include "host/pool.h"
#include "host/process/link.h"
#include "host/process/members.h"
#include "host/transport/board/account.h"
#include "host/transport/board/block.h"
#include "host/transport/board/ring.h"
#include "host/transport/board/settle.h"
#include "host/transport/board/take.h"

/* Ends a chunk that a worker is still running, and keeps the results of its items that have ended.
 * The owner is killed. It may write to the chunk's memory until it is dead, so the chunk is
 * awaited. */
static void take_away(pool_t *pool, uint32_t number, uint64_t word)
{
    struct pool__chunk *chunk = &pool->chunks[number];
    int worker = pool__word_worker(word);
    const struct pool__member *member = &pool->members[worker];
    uint64_t ended;
    bool running, sensible = pool__read_progress(pool, number, &ended, &running);
    chunk->owner = worker;
    chunk->owner_life = member->life + (uint16_t)(pool__word_life(word) - member->life);
    if (sensible)
        pool__take(pool, number, ended, worker, member->pid);
    /* `cancelled` was set before the progress was read, so the owner starts at most one item more,
     * number `ended`. It works on the other copy there. */
    if (chunk->job->fold)
        pool__block_end(pool, chunk, ended, sensible);
    pool__stop_items(chunk, sensible && running);
    pool__empty_mailbox(pool, number);
    pool__chunk_back(chunk);
    chunk->awaited = true;
    pool__tell_to_kill(pool, worker, chunk->owner_life);
}

/* Takes a chunk back if it is QUEUED (`queued`), or if it is RUNNING or FULL (not `queued`). */
static void stop_chunk(pool_t *pool, uint32_t number, bool queued)
{
    _Atomic uint64_t *state = &pool__cell(pool, number)->state;
    uint64_t word = atomic_load(state);
    while (pool__word_valid(pool, number, word)) {
        enum pool__state is = pool__word_state(word);
        if (queued ? is != POOL__QUEUED : is != POOL__RUNNING && is != POOL__FULL)
            return;
        if (!atomic_compare_exchange_strong(state, &word, 0))
            continue;
        if (queued) {
            pool__stop_items(&pool->chunks[number], false);
            pool__release(pool, number);
        } else {
            take_away(pool, number, word);
        }
        return;
    }
}

/* Takes queued chunks back first, so that no worker claims one while those that run are taken. */
void pool__recall(pool_t *pool, struct pool_future *job, bool kill)
{
    for (struct pool__chunk *chunk = job->first_chunk, *next; chunk; chunk = next) {
        next = chunk->next;
        stop_chunk(pool, pool__number_of(pool, chunk), true);
    }
    for (struct pool__chunk *chunk = job->first_chunk, *next; chunk; chunk = next) {
        uint32_t number = pool__number_of(pool, chunk);
        next = chunk->next;
        atomic_store(&pool->board->orders[number].cancelled, POOL__STOPPED);
        if (kill)
            stop_chunk(pool, number, false);
    }
}

void pool__clear_mailboxes(pool_t *pool)
{
    for (uint32_t number = 0; number < pool->numbers; number++) {
        struct pool__chunk *chunk = &pool->chunks[number];
        uint64_t queued = pool__word(POOL__QUEUED, 0, 0, chunk->generation);
        if (!chunk->job || !chunk->job->broadcast ||
            chunk->first < (uint64_t)atomic_load(&pool->board->processes) ||
            !atomic_compare_exchange_strong(&pool__cell(pool, number)->state, &queued, 0))
            continue;
        pool__fail_items(chunk, chunk->count, pool__undelivered);
        pool__release(pool, number);
    }
}
