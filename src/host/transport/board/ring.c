/* Runs in the host: puts chunks into the ring of tickets or into a mailbox. It owns the tail of the
 * ring. A ticket is only a hint, so one may be stale; but each queued chunk must have one that a
 * worker will find. With the lock held. */
#include "host/transport/board/ring.h"

#include "common/board.h"
#include "common/chunk.h"
#include "host/base/arena.h"
#include "host/job/job.h"
#include "host/pool.h"
#include "host/process/link.h"
#include "host/transport/board/account.h"
#include "host/transport/board/block.h"
#include "host/transport/board/wake.h"

/* Whether a worker needs the ticket at this position of the ring to find its chunk. */
static bool needed(const pool_t *pool, unsigned ring, uint64_t ticket, uint64_t position)
{
    uint32_t number = pool__ticket_chunk(ticket), generation = pool__ticket_generation(ticket);
    return number < pool->numbers && pool->chunks[number].ring == ring &&
           pool->chunks[number].position == position &&
           pool->chunks[number].generation == generation &&
           atomic_load(&pool__cell(pool, number)->state) ==
               pool__word(POOL__QUEUED, 0, 0, generation);
}

/* A ring has a place for each chunk there can be. But chunks that were taken back leave stale
 * tickets, so after thousands of these the new ticket may overwrite one that is still needed. That
 * one is written again. */
void pool__queue_ticket(pool_t *pool, uint32_t number)
{
    unsigned ring = pool->chunks[number].ring;
    _Atomic uint64_t *end = &pool->board->tails[ring];
    for (bool again = true; again;) {
        struct pool__chunk *chunk = &pool->chunks[number];
        uint64_t tail = atomic_load_explicit(end, memory_order_relaxed);
        _Atomic uint64_t *place = &pool->board->rings[ring][tail % POOL__CHUNKS];
        uint64_t old = atomic_load_explicit(place, memory_order_relaxed);
        again = tail >= POOL__CHUNKS && needed(pool, ring, old, tail - POOL__CHUNKS);
        chunk->position = tail;
        atomic_store_explicit(place, pool__ticket(number, chunk->generation), memory_order_release);
        atomic_store(end, tail + 1);
        if (ring < POOL__COMMON)
            atomic_fetch_add(&pool->board->express, 1);
        number = pool__ticket_chunk(old);
    }
}

void pool__put_in_mailbox(pool_t *pool, uint32_t number)
{
    struct pool__chunk *chunk = &pool->chunks[number];
    int worker = (int)chunk->first;
    chunk->position = UINT64_MAX; /* no head reaches that */
    if (pool__mailbox_full(pool->board, worker)) {
        pool->displaced++;
        return;
    }
    atomic_store(&pool->board->mailboxes[worker], pool__ticket(number, chunk->generation));
    pool__wake_worker(pool, worker);
    if (pool->launch.options.idle_timeout)
        pool__tell(pool);
}

void pool__empty_mailbox(pool_t *pool, uint32_t number)
{
    const struct pool__chunk *chunk = &pool->chunks[number];
    if (!chunk->job || !chunk->job->broadcast)
        return;
    _Atomic uint64_t *mailbox = &pool->board->mailboxes[chunk->first];
    if (atomic_load(mailbox) == pool__ticket(number, chunk->generation))
        atomic_store(mailbox, 0);
}

void pool__refill_mailboxes(pool_t *pool)
{
    uint32_t displaced = pool->displaced;
    pool->displaced = 0;
    for (uint32_t number = 0; displaced > 0 && number < pool->numbers; number++) {
        const struct pool__chunk *chunk = &pool->chunks[number];
        if (chunk->job && chunk->job->broadcast &&
            atomic_load(&pool__cell(pool, number)->state) ==
                pool__word(POOL__QUEUED, 0, 0, chunk->generation) &&
            atomic_load(&pool->board->mailboxes[chunk->first]) !=
                pool__ticket(number, chunk->generation))
            pool__put_in_mailbox(pool, number);
    }
}

void pool__release(pool_t *pool, uint32_t number)
{
    struct pool__chunk *chunk = &pool->chunks[number];
    pool__empty_mailbox(pool, number);
    bool condemned = chunk->awaited && chunk->owner < 0;
    pool->condemned -= condemned;
    pool->bytes -= condemned ? 0 : pool__chunk_bytes(chunk);
    pool__arena_free(&pool->items_arena, chunk->item_memory);
    pool__arena_free(&pool->items_arena, chunk->seed_memory);
    if (chunk->job && chunk->job->fold)
        pool__block_end(pool, chunk, 0, true);
    pool__arena_free(&pool->results_arena, chunk->result_memory);
    chunk->item_memory = chunk->result_memory = chunk->seed_memory = NULL;
    if (chunk->job)
        pool__chunk_back(chunk);
    chunk->awaited = false;
    atomic_store_explicit(&pool__cell(pool, number)->state, 0, memory_order_relaxed);
    pool__give_number(pool, number);
}

void pool__publish(pool_t *pool, uint32_t number)
{
    struct pool__chunk *chunk = &pool->chunks[number];
    struct pool__order *order = &pool->board->orders[number];
    struct pool__cell *cell = pool__cell(pool, number);
    order->first = chunk->first + chunk->job->options.first;
    order->count = chunk->count;
    order->items = chunk->items;
    order->results = chunk->results;
    order->room = chunk->room;
    if (chunk->seed_memory)
        order->seed = chunk->seeds;
    atomic_store_explicit(&order->cancelled, POOL__GOES_ON, memory_order_relaxed);
    chunk->taken = chunk->result_at = 0;
    if (chunk->job->out.type)
        atomic_store_explicit(&cell->stream.used, 0, memory_order_relaxed);
    atomic_store_explicit(&cell->progress, 0, memory_order_relaxed);
    atomic_store_explicit(&cell->failures, 0, memory_order_relaxed);
    chunk->generation++;
    atomic_store_explicit(&cell->state, pool__word(POOL__QUEUED, 0, 0, chunk->generation),
                          memory_order_release);
    if (chunk->job->broadcast)
        pool__put_in_mailbox(pool, number);
    else
        pool__queue_ticket(pool, number);
}
