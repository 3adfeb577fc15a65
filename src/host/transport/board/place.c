/* Runs in the host: writes items to the host's half of the board, where workers cannot change them,
 * and finds room for results in the writable half. Small items lie in the order and small results
 * in the cell. It must not take an item from its source before there is room for the item. With the
 * lock held. */
#include "host/transport/board/place.h"

#include <errno.h>
#include <string.h>

#include "common/board.h"
#include "common/seed.h"
#include "host/base/arena.h"
#include "host/job/fold.h"
#include "host/job/job.h"
#include "host/job/size.h"
#include "host/job/source.h"
#include "host/pool.h"
#include "host/stream/encode.h"
#include "host/transport/board/account.h"

static void use_items(struct pool__chunk *chunk, struct pool__extent *memory)
{
    chunk->item_memory = memory;
    chunk->items = pool__extent_offset(memory);
}

/* Copies plain items one by one. Lowers chunk->count if the source has fewer, or if the pointer to
 * one is NULL. Returns POOL__PLACED, or why there is no first one. */
static enum pool__placing copy_each(struct pool_future *job, struct pool__chunk *chunk,
                                    unsigned char *to)
{
    uint64_t count = 0;
    const void *item;
    while (count < chunk->count && (item = pool__source_item(job, chunk->first + count))) {
        memcpy(to + count * job->in.size, item, job->in.size);
        pool__source_used(job);
        count++;
    }
    chunk->count = count;
    if (count > 0)
        return POOL__PLACED;
    return pool__source_is_function(job) ? POOL__NO_MORE : pool__no_item(job->pool);
}

/* Places plain items. An item in a shared array stays where it lies. Never
 * returns POOL__NO_ROOM. */
static enum pool__placing place_plain(pool_t *pool, struct pool_future *job, uint32_t number)
{
    struct pool__chunk *chunk = &pool->chunks[number];
    uint64_t bytes = chunk->count * job->in.size;
    if (job->in_shared) {
        chunk->items = pool__board_offset(pool->board, pool__source_element(job, chunk->first));
        return POOL__PLACED;
    }
    if (bytes <= POOL__INLINE_ITEM) {
        chunk->items = pool__board_offset(pool->board, pool->board->orders[number].item);
    } else {
        struct pool__extent *memory = pool__arena_alloc(&pool->items_arena, bytes);
        if (!memory)
            return POOL__NO_ROOM_NOW;
        use_items(chunk, memory);
    }
    unsigned char *to = pool__board_at(pool->board, chunk->items);
    if (bytes && !pool__source_contiguous(job))
        return copy_each(job, chunk, to);
    if (bytes)
        memcpy(to, pool__source_element(job, chunk->first), bytes);
    return POOL__PLACED;
}

/* Packs the chunk's first item alone: into the order if it fits there, else into memory of its
 * size. Never returns POOL__NO_ROOM. */
static enum pool__placing pack_single(pool_t *pool, struct pool_future *job, uint32_t number)
{
    struct pool__chunk *chunk = &pool->chunks[number];
    unsigned char *item = pool->board->orders[number].item;
    struct pool__dry_run result;
    chunk->count = 1;
    enum pool__placing placing =
        pool__encode(job, chunk->first, chunk->count, item, POOL__INLINE_ITEM, &result);
    if (placing != POOL__NO_ROOM) {
        chunk->items = pool__board_offset(pool->board, item);
        return placing;
    }
    struct pool__extent *memory = pool__arena_alloc(&pool->items_arena, result.needed);
    if (!memory)
        return POOL__NO_ROOM_NOW;
    use_items(chunk, memory);
    placing = pool__encode(job, chunk->first, chunk->count,
                           pool__board_at(pool->board, chunk->items), result.needed, &result);
    /* No room: a pack function has written more than the first time. */
    return placing == POOL__NO_ROOM ? pool__unplaceable(pool, -EINVAL) : placing;
}

/* Packs as many of the chunk's items as a chunk may hold, and lowers chunk->count to that. Returns
 * as pack_single() does, and POOL__NO_ROOM when the first item alone does not fit. */
static enum pool__placing pack_several(pool_t *pool, struct pool_future *job,
                                       struct pool__chunk *chunk)
{
    struct pool__dry_run result;
    struct pool__extent *memory = pool__arena_alloc(&pool->items_arena, pool__chunk_limit(pool));
    if (!memory)
        return POOL__NO_ROOM_NOW;
    unsigned char *to = pool__board_at(pool->board, pool__extent_offset(memory));
    enum pool__placing placing =
        pool__encode(job, chunk->first, chunk->count, to, pool__extent_size(memory), &result);
    if (placing != POOL__PLACED) {
        pool__arena_free(&pool->items_arena, memory);
        return placing;
    }
    chunk->count = result.passed;
    job->item_bytes = (float)result.bytes / (float)result.passed;
    pool__arena_shrink(&pool->items_arena, memory, result.bytes);
    use_items(chunk, memory);
    return POOL__PLACED;
}

/* Places items as a stream. The chunk ends before an item that does not fit or cannot be packed. */
static enum pool__placing place_stream(pool_t *pool, struct pool_future *job, uint32_t number)
{
    struct pool__chunk *chunk = &pool->chunks[number];
    enum pool__placing placing = chunk->count > 1 ? pack_several(pool, job, chunk) : POOL__NO_ROOM;
    return placing == POOL__NO_ROOM ? pack_single(pool, job, number) : placing;
}

bool pool__make_room(pool_t *pool, struct pool__chunk *chunk, uint64_t bytes)
{
    struct pool__extent *memory = pool__arena_alloc(&pool->results_arena, bytes);
    if (!memory)
        return false;
    pool->bytes -= pool__chunk_bytes(chunk);
    pool__arena_free(&pool->results_arena, chunk->result_memory);
    chunk->result_memory = memory;
    chunk->results = pool__extent_offset(memory);
    chunk->room = pool__extent_size(memory);
    pool->bytes += pool__chunk_bytes(chunk);
    return true;
}

/* Makes room for the two copies of an accumulator (see block.h), and writes the first. */
static bool place_copies(pool_t *pool, const struct pool_future *job, struct pool__chunk *chunk)
{
    if (!pool__make_room(pool, chunk, 2 * pool__accumulator_stride(job->out.size)))
        return false;
    memcpy(pool__board_at(pool->board, chunk->results), pool__fold_carry(job, chunk->first),
           job->out.size);
    chunk->good = false;
    return true;
}

static bool place_results(pool_t *pool, const struct pool_future *job, uint32_t number)
{
    struct pool__chunk *chunk = &pool->chunks[number];
    uint64_t bytes = chunk->count * job->out.size;
    if (job->fold)
        return place_copies(pool, job, chunk);
    if (job->out.type)
        return pool__make_room(pool, chunk, pool__likely_room(pool, job, chunk->count));
    chunk->room = bytes;
    if (job->out_shared)
        chunk->results =
            pool__board_offset(pool->board, job->out.data) + chunk->first * job->out.size;
    else if (bytes <= POOL__INLINE_RESULT)
        chunk->results = pool__board_offset(pool->board, pool->writable->cells[number].result);
    else
        return pool__make_room(pool, chunk, bytes);
    return true;
}

/* Places the seeds that are made of the keys of the chunk's items. False when there is no room. */
static bool place_seeds(pool_t *pool, const struct pool_future *job, struct pool__chunk *chunk)
{
    const pool_map_options_t *options = &job->options;
    if (!options->keys)
        return true;
    chunk->seed_memory =
        pool__arena_alloc(&pool->items_arena, chunk->count * sizeof *options->keys);
    if (!chunk->seed_memory)
        return false;
    chunk->seeds = pool__extent_offset(chunk->seed_memory);
    uint64_t *seeds = (void *)pool__board_at(pool->board, chunk->seeds);
    for (uint64_t i = 0; i < chunk->count; i++)
        seeds[i] = pool__seed(options->seed, options->keys[chunk->first + i]);
    return true;
}

static uint64_t items_bytes(const struct pool__chunk *chunk)
{
    return (chunk->item_memory ? pool__extent_size(chunk->item_memory) : 0) +
           (chunk->seed_memory ? pool__extent_size(chunk->seed_memory) : 0);
}

static void free_items(pool_t *pool, struct pool__chunk *chunk)
{
    pool__arena_free(&pool->items_arena, chunk->item_memory);
    pool__arena_free(&pool->items_arena, chunk->seed_memory);
    chunk->item_memory = chunk->seed_memory = NULL;
}

/* Places the items and their seeds. Never returns POOL__NO_ROOM. */
static enum pool__placing place_items(pool_t *pool, struct pool_future *job, uint32_t number)
{
    struct pool__chunk *chunk = &pool->chunks[number];
    enum pool__placing placing =
        job->in.type ? place_stream(pool, job, number) : place_plain(pool, job, number);
    if (placing == POOL__PLACED && !place_seeds(pool, job, chunk))
        placing = POOL__NO_ROOM_NOW;
    if (placing == POOL__PLACED)
        pool->bytes += items_bytes(chunk);
    else
        free_items(pool, chunk);
    return placing;
}

enum pool__placing pool__place(pool_t *pool, struct pool_future *job, uint32_t number)
{
    struct pool__chunk *chunk = &pool->chunks[number];
    chunk->item_memory = chunk->result_memory = chunk->seed_memory = NULL;
    enum pool__placing placing;
    if (place_results(pool, job, number))
        placing = place_items(pool, job, number);
    else
        placing = job->fold ? POOL__NO_CARRY : POOL__NO_ROOM_NOW;
    if (placing != POOL__PLACED) {
        pool->bytes -= chunk->result_memory ? pool__extent_size(chunk->result_memory) : 0;
        pool__arena_free(&pool->results_arena, chunk->result_memory);
        chunk->result_memory = NULL;
    }
    return placing;
}
