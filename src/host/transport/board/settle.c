/* Runs in the host: settles chunks.
 *
 * Whatever ends a chunk - its owner commits it, or dies while it runs it - comes to pool__settle().
 * The results and failure records of the items that have ended are taken, at most one item is
 * blamed, and the other items are published again under a new generation. What workers have written
 * on the board must be checked before it is used. With the lock held. */
#include "host/transport/board/settle.h"

#include <errno.h>
#include <stdio.h>

#include "common/board.h"
#include "common/chunk.h"
#include "common/futex.h"
#include "host/base/death.h"
#include "host/job/ends.h"
#include "host/job/job.h"
#include "host/pool.h"
#include "host/process/members.h"
#include "host/transport/board/account.h"
#include "host/transport/board/block.h"
#include "host/transport/board/express.h"
#include "host/transport/board/place.h"
#include "host/transport/board/ring.h"
#include "host/transport/board/take.h"
#include "host/transport/board/wake.h"

void pool__stop_items(struct pool__chunk *chunk, bool running)
{
    bool late = chunk->job->stopped == POOL_TIMED_OUT;
    pool_error_t error = {.kind = chunk->job->stopped,
                          .code = late ? -ETIMEDOUT : -ECANCELED,
                          .message = "",
                          .worker = -1,
                          .attempt = 1};
    pool__fail_items(chunk, chunk->taken + running, error);
    error.attempt = 0;
    pool__fail_items(chunk, chunk->count, error);
}

/* Publishes the chunk's items that have no end yet, or releases the chunk if there are none. */
static void advance(pool_t *pool, uint32_t number)
{
    struct pool__chunk *chunk = &pool->chunks[number];
    if (chunk->job->stopped)
        pool__stop_items(chunk, false);
    if (pool->phase == POOL__GONE_PHASE)
        pool__lose_items(chunk->job, chunk->first + chunk->taken, chunk->first + chunk->count, 0);
    if (pool->phase == POOL__GONE_PHASE || chunk->taken == chunk->count) {
        pool__release(pool, number);
        return;
    }
    pool__skip_items(pool, chunk, chunk->taken);
    if (atomic_load(&pool->board->orders[number].cancelled) == POOL__CUT)
        pool__chunk_move(chunk, pool__ring_for(pool, chunk->job));
    pool__publish(pool, number);
    pool__wake_some(pool);
}

/* Ends the chunk's next item by the death of the worker that was running it. */
static void blame(struct pool__chunk *chunk, const struct pool__death *death)
{
    char text[64] = "";
    if (death->overflow)
        snprintf(text, sizeof text, "stack overflow");
    else if (death->faulted)
        snprintf(text, sizeof text, "address 0x%llx", (unsigned long long)death->address);
    pool_error_t error = pool__death_error(death->status);
    if (death->by_us) {
        error = (pool_error_t){.kind = POOL_LOST, .code = POOL_ECLOSED, .attempt = 1};
        if (chunk->job->status == 0)
            chunk->job->status = POOL_ECLOSED;
    }
    error.message = text;
    error.worker = death->worker;
    error.pid = death->pid;
    pool__fail_items(chunk, chunk->taken + 1, error);
}

void pool__condemn(pool_t *pool, uint32_t number, bool abandoned)
{
    struct pool__chunk *chunk = &pool->chunks[number];
    atomic_store(&pool__cell(pool, number)->state, 0);
    pool__fail_items(chunk, chunk->count, pool__overwritten);
    if (chunk->job->fold)
        pool__block_end(pool, chunk, 0, false);
    pool__empty_mailbox(pool, number);
    pool__chunk_back(chunk);
    if (abandoned) {
        pool__release(pool, number);
        return;
    }
    pool->condemned++;
    pool->bytes -= pool__chunk_bytes(chunk);
    chunk->awaited = true;
    chunk->owner = -1;
}

/* Updates the estimate of an item's time: the newest chunk counts as much as all before it
 * together. */
static void learn(pool_t *pool, uint32_t number, uint64_t ended)
{
    struct pool_future *job = pool->chunks[number].job;
    uint64_t nanoseconds = pool__cell(pool, number)->nanoseconds;
    if (ended == 0 || nanoseconds == 0)
        return;
    float each = (float)nanoseconds / (float)ended;
    job->item_nanoseconds = job->item_nanoseconds > 0 ? (job->item_nanoseconds + each) / 2 : each;
}

bool pool__read_progress(const pool_t *pool, uint32_t number, uint64_t *ended, bool *running)
{
    const struct pool__chunk *chunk = &pool->chunks[number];
    uint64_t progress = atomic_load(&pool__cell(pool, number)->progress);
    *ended = progress / 2;
    *running = progress % 2;
    return *ended >= chunk->taken && *ended + *running <= chunk->count;
}

/* Whether a worker may commit the chunk although it has run no item of it. */
static bool may_be_unrun(const pool_t *pool, uint32_t number)
{
    return pool->chunks[number].job->stopped || pool->ending ||
           atomic_load(&pool->board->orders[number].cancelled) == POOL__CUT;
}

void pool__settle(pool_t *pool, uint32_t number, int worker, const struct pool__death *death)
{
    struct pool__chunk *chunk = &pool->chunks[number];
    uint64_t ended;
    bool running;
    bool sensible = pool__read_progress(pool, number, &ended, &running) &&
                    (death || (!running && (ended > 0 || may_be_unrun(pool, number))));
    if (!sensible) {
        /* The DONE may be false too: then the owner still writes to the chunk, if it is alive. */
        pool__condemn(pool, number, death || pool->phase == POOL__GONE_PHASE);
        return;
    }
    pool__take(pool, number, ended, worker, death ? death->pid : pool->members[worker].pid);
    if (chunk->job->fold)
        pool__block_settle(pool, chunk, ended);
    if (!death) {
        learn(pool, number, ended);
        pool__note_committed(pool, chunk);
    }
    if (running)
        blame(chunk, death);
    advance(pool, number);
}

/* Serves a chunk that is FULL: its owner has no room for the next result. Takes the results before
 * that one, so all room is free again, and gives more if that one needs more. If there is no memory
 * for more, the owner finds too little room again, and its item fails. */
static void serve(pool_t *pool, uint32_t number, uint64_t word)
{
    struct pool__chunk *chunk = &pool->chunks[number];
    struct pool__cell *cell = pool__cell(pool, number);
    struct pool__order *order = &pool->board->orders[number];
    int worker = pool__word_worker(word);
    uint64_t ended;
    bool running;
    if (!pool__read_progress(pool, number, &ended, &running) || !running || !chunk->job->out.type) {
        pool__condemn(pool, number, false);
        return;
    }
    pool__take(pool, number, ended, worker, pool->members[worker].pid);
    uint64_t wanted = atomic_load(&cell->stream.wanted);
    if (wanted > chunk->room)
        pool__make_room(pool, chunk, wanted);
    order->results = chunk->results;
    order->room = chunk->room;
    chunk->result_at = 0;
    atomic_store(&cell->stream.used, 0);
    pool__move(&cell->state, POOL__FULL, POOL__RUNNING, word);
    atomic_fetch_add(&cell->answered, 1);
    pool__futex_wake(&cell->answered);
}

bool pool__word_valid(const pool_t *pool, uint32_t number, uint64_t word)
{
    return number < pool->numbers && pool->chunks[number].job &&
           pool__word_generation(word) == pool->chunks[number].generation &&
           pool__word_worker(word) < pool->numbers_given &&
           (pool__word_state(word) == POOL__QUEUED
                ? pool__word_owned(word, 0, 0)
                : pool__word_state(word) > POOL__QUEUED && pool__word_state(word) <= POOL__DONE);
}

bool pool__answer(pool_t *pool, uint32_t number, uint64_t word)
{
    if (!pool__word_valid(pool, number, word))
        return false;
    if (pool__word_state(word) == POOL__DONE)
        pool__settle(pool, number, pool__word_worker(word), NULL);
    else if (pool__word_state(word) == POOL__FULL)
        serve(pool, number, word);
    else
        return false;
    return true;
}

/* Answers the chunks whose bits are set in the first `words` words. */
static bool collect(pool_t *pool, uint32_t words)
{
    bool any = false;
    for (uint32_t i = 0; i < words; i++) {
        if (atomic_load_explicit(&pool->writable->done[i], memory_order_relaxed) == 0)
            continue;
        uint64_t bits = atomic_exchange(&pool->writable->done[i], 0);
        for (; bits; bits &= bits - 1) {
            uint32_t number = i * 64 + (uint32_t)__builtin_ctzll(bits);
            if (pool__answer(pool, number, atomic_load(&pool__cell(pool, number)->state)))
                any = true;
        }
    }
    return any;
}

/* A worker sets a bit and then adds to `commits`. So without a new commit there is no new bit, except
 * one that a worker is about to tell of. Bits that no chunk has are left to the audit. */
bool pool__collect(pool_t *pool)
{
    uint64_t commits = atomic_load(&pool->writable->commits);
    if (commits == atomic_load_explicit(&pool->collected, memory_order_relaxed))
        return false;
    atomic_store_explicit(&pool->collected, commits, memory_order_relaxed);
    bool any = collect(pool, (pool->numbers + 63) / 64);
    if (pool->displaced)
        pool__refill_mailboxes(pool);
    return any;
}

bool pool__collect_all(pool_t *pool)
{
    pool->collected = atomic_load(&pool->writable->commits);
    return collect(pool, POOL__CHUNKS / 64);
}

/* Loses the items of a chunk that no worker can commit any more; `word` was the chunk's. Those that
 * its owner has started count as started. */
static void lose_chunk(pool_t *pool, uint32_t number, uint64_t word)
{
    struct pool__chunk *chunk = &pool->chunks[number];
    uint64_t ended, started = chunk->taken;
    bool running;
    bool held = pool__word_state(word) == POOL__RUNNING || pool__word_state(word) == POOL__FULL;
    atomic_store(&pool->board->orders[number].cancelled, POOL__STOPPED);
    if (held && pool__word_valid(pool, number, word) &&
        pool__read_progress(pool, number, &ended, &running))
        started = ended + running;
    pool__lose_items(chunk->job, chunk->first + chunk->taken, chunk->first + started, 1);
    pool__lose_items(chunk->job, chunk->first + started, chunk->first + chunk->count, 0);
    pool__release(pool, number);
}

void pool__give_up(pool_t *pool)
{
    for (uint32_t number = 0; number < pool->numbers; number++) {
        struct pool__chunk *chunk = &pool->chunks[number];
        if (!chunk->job) {
            if (chunk->awaited)
                pool__release(pool, number);
            continue;
        }
        /* From here on no worker can commit the chunk. */
        uint64_t word = atomic_exchange(&pool__cell(pool, number)->state, 0);
        if (pool__word_valid(pool, number, word) && pool__word_state(word) == POOL__DONE) {
            pool__settle(pool, number, pool__word_worker(word), NULL);
            continue;
        }
        lose_chunk(pool, number, word);
    }
}
