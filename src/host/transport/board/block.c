/* Runs in the host: blocks of a fold as chunks. It decides how many items of a block are on the
 * board at a time, and which copy of the accumulator is valid. It must never read the accumulator
 * of a running worker, except the copy on which the worker does not work. With the lock held. */
#include "host/transport/board/block.h"

#include <errno.h>
#include <string.h>

#include "common/board.h"
#include "host/base/arena.h"
#include "host/job/fold.h"
#include "host/job/job.h"
#include "host/job/size.h"
#include "host/pool.h"
#include "host/stream/encode.h"
#include "host/transport/board/account.h"
#include "host/transport/board/place.h"
#include "host/transport/board/ring.h"
#include "host/transport/board/wake.h"

bool pool__block_begin(pool_t *pool, struct pool_future *job, uint32_t number)
{
    struct pool__chunk *chunk = &pool->chunks[number];
    chunk->item_memory = chunk->result_memory = chunk->seed_memory = NULL;
    chunk->good = false;
    chunk->unplaced = chunk->count;
    if (!pool__make_room(pool, chunk, 2 * pool__accumulator_stride(job->out.size)))
        return false;
    memcpy(pool__board_at(pool->board, chunk->results), job->out.data, job->out.size);
    return true;
}

/* Places as many of the chunk's next items as there is room for. Plain items and keys take at most
 * one chunk's share of the budget. The others stay unplaced. Returns as pool__place_items() does. */
static enum pool__placing place_some(pool_t *pool, uint32_t number)
{
    struct pool__chunk *chunk = &pool->chunks[number];
    const struct pool_future *job = chunk->job;
    const uint64_t whole = chunk->count;
    uint64_t each = job->item_type || job->in_shared ? 0 : job->in.size;
    each += job->options.keys ? sizeof *job->options.keys : 0;
    uint64_t most = each ? pool__share_of_budget(pool) / each : whole;
    most = most > 0 ? most : 1;
    if (most < whole)
        chunk->count = most;
    enum pool__placing placing = pool__place_items(pool, chunk->job, number);
    while (placing == POOL__NO_ROOM_NOW && chunk->count > 1) {
        chunk->count /= 2;
        placing = pool__place_items(pool, chunk->job, number);
    }
    chunk->unplaced = placing != POOL__PLACED ? whole : whole - chunk->count;
    chunk->count = whole;
    return placing;
}

/* Ends the chunk's next item, which could not be placed. None of the chunk's items may count as
 * taken. */
static void fail_first(const pool_t *pool, struct pool__chunk *chunk)
{
    pool__fail_items(chunk, 1, pool->unplaceable);
    chunk->taken = 0;
    chunk->first++;
    chunk->unplaced = --chunk->count;
}

/* Frees the memory of the items that have ended, and places some of those that are left. An item
 * that cannot be packed fails; perhaps none is left then. False: there is no room now. */
static bool place_next(pool_t *pool, uint32_t number)
{
    struct pool__chunk *chunk = &pool->chunks[number];
    enum pool__placing placing = POOL__PLACED;
    pool__unplace_items(pool, chunk);
    while (chunk->count > 0 && (placing = place_some(pool, number)) == POOL__UNPLACEABLE)
        fail_first(pool, chunk);
    return chunk->count == 0 || placing == POOL__PLACED;
}

void pool__block_go_on(pool_t *pool, uint32_t number)
{
    struct pool__chunk *chunk = &pool->chunks[number];
    chunk->taken = 0;
    if (chunk->unplaced == chunk->count && !place_next(pool, number)) {
        chunk->parked = true;
        pool->parked++;
        return;
    }
    pool__publish(pool, number);
}

/* Whether chunks that are not parked hold room that will become free: chunks that are queued or
 * run, and chunks whose owner is about to be killed. */
static bool room_may_come(const pool_t *pool)
{
    for (uint32_t number = 0; number < pool->numbers; number++) {
        const struct pool__chunk *chunk = &pool->chunks[number];
        if ((chunk->job && !chunk->parked) || (chunk->awaited && chunk->owner >= 0))
            return true;
    }
    return false;
}

static void unpark(pool_t *pool, uint32_t number)
{
    pool->chunks[number].parked = false;
    pool->parked--;
    pool__block_go_on(pool, number);
}

/* Tries again to place items of a parked chunk. An item for which there is no room fails if room
 * will not become free. */
static void try_again(pool_t *pool, uint32_t number)
{
    struct pool__chunk *chunk = &pool->chunks[number];
    unpark(pool, number);
    while (chunk->parked && !room_may_come(pool)) {
        pool__unplaceable(pool, -ENOMEM);
        fail_first(pool, chunk);
        unpark(pool, number);
    }
}

void pool__blocks_retry(pool_t *pool)
{
    if (pool->parked == 0)
        return;
    for (uint32_t number = 0; pool->parked > 0 && number < pool->numbers; number++)
        if (pool->chunks[number].parked)
            try_again(pool, number);
    pool__wake_some(pool);
}

/* ---- Accumulators ---- */

void pool__block_settle(pool_t *pool, const struct pool__chunk *chunk, uint64_t ended)
{
    size_t size = chunk->job->out.size;
    unsigned char *first = pool__board_at(pool->board, chunk->results);
    if (ended % 2)
        memcpy(first, first + pool__accumulator_stride(size), size);
}

/* The block has ended with the accumulator in `memory`; NULL: with none. */
static void keep(const struct pool__chunk *chunk, struct pool__extent *memory)
{
    pool__fold_keep(chunk->job, chunk->first + chunk->count - 1, chunk->good, memory);
}

/* The accumulator is lost. That fails the job if an item had ended well. */
static void spoil(const struct pool__chunk *chunk, int code)
{
    if (chunk->good)
        pool__fold_spoil(chunk->job, code);
}

void pool__block_condemn(const struct pool__chunk *chunk)
{
    spoil(chunk, -EBADMSG);
    keep(chunk, NULL);
}

void pool__block_take_away(pool_t *pool, uint32_t number, uint64_t ended, bool sensible)
{
    struct pool__chunk *chunk = &pool->chunks[number];
    uint64_t size = pool__accumulator_stride(chunk->job->out.size);
    struct pool__extent *copy = NULL;
    /* `cancelled` was set before the progress was read, so the owner starts at most one item more,
     * number `ended`. It works on the other copy there, so this one does not change. */
    if (sensible && chunk->good)
        copy = pool__arena_alloc(&pool->results_arena, size);
    if (copy)
        memcpy(pool__board_at(pool->board, pool__extent_offset(copy)),
               pool__board_at(pool->board, chunk->results) + ended % 2 * size, size);
    else
        spoil(chunk, sensible ? -ENOMEM : -EBADMSG);
    keep(chunk, copy);
}
