/* Runs in the host: how many items make a chunk, where they lie, and how many chunks are given out
 * ahead. */
#include <errno.h>
#include <string.h>

#include "common/board.h"
#include "host/base/arena.h"
#include "host/fill.h"
#include "host/job/ends.h"
#include "host/job/fold.h"
#include "host/job/job.h"
#include "host/job/size.h"
#include "host/job/source.h"
#include "host/job/window.h"
#include "host/pool.h"
#include "host/stream/encode.h"
#include "host/transport/board/account.h"
#include "host/transport/board/block.h"

uint64_t pool__chunk_bytes(const struct pool__chunk *chunk)
{
    return (chunk->item_memory ? pool__extent_size(chunk->item_memory) : 0) +
           (chunk->result_memory ? pool__extent_size(chunk->result_memory) : 0);
}

void pool__skip_items(pool_t *pool, struct pool__chunk *chunk, uint64_t count)
{
    const struct pool_future *job = chunk->job;
    chunk->first += count;
    chunk->count -= count;
    if (!job->result_type && !job->fold)
        chunk->results += count * job->out.size;
    if (!job->item_type)
        chunk->items += count * job->in.size;
    else
        for (; count > 0; count--) {
            const struct pool__entry *entry =
                (const void *)pool__board_at(pool->board, chunk->items);
            chunk->items += pool__entry_stride(entry->size);
        }
}

/* ---- Room for items and results ---- */

static void use_items(struct pool__chunk *chunk, struct pool__extent *memory)
{
    chunk->item_memory = memory;
    chunk->items = pool__extent_offset(memory);
}

/* Copies plain items, as many as there are; counts them in chunk->count. */
static void copy_from_source(struct pool_future *job, struct pool__chunk *chunk, unsigned char *to)
{
    uint64_t count = 0;
    const void *item;
    while (count < chunk->count && (item = pool__source_item(job, chunk->first + count))) {
        memcpy(to + count * job->in.size, item, job->in.size);
        job->is_staged = false;
        count++;
    }
    chunk->count = count;
}

static bool place_plain(pool_t *pool, struct pool_future *job, uint32_t number)
{
    struct pool__chunk *chunk = &pool->chunks[number];
    uint64_t bytes = chunk->count * job->in.size;
    if (job->in_shared) {
        chunk->items = pool__board_offset(pool->board, pool__source_element(job, chunk->first));
        return true;
    }
    if (bytes <= POOL__INLINE_ITEM) {
        chunk->items = pool__board_offset(pool->board, pool->board->orders[number].item);
    } else {
        struct pool__extent *memory = pool__arena_alloc(&pool->items_arena, bytes);
        if (!memory)
            return false;
        use_items(chunk, memory);
    }
    unsigned char *to = pool__board_at(pool->board, chunk->items);
    if (job->next_item)
        copy_from_source(job, chunk, to);
    else if (bytes)
        memcpy(to, pool__source_element(job, chunk->first), bytes);
    return true;
}

/* The chunk's first item, alone, wherever it fits. Returns 0, an error, POOL__DIED_PACKING, or -ENOBUFS: no room
 * now. */
static int pack_single(pool_t *pool, struct pool_future *job, uint32_t number)
{
    struct pool__chunk *chunk = &pool->chunks[number];
    unsigned char *item = pool->board->orders[number].item;
    struct pool__dry_run result;
    chunk->count = 1;
    int error = pool__encode(job, chunk->first, chunk->count, item, POOL__INLINE_ITEM, &result);
    if (error != POOL__NO_ROOM) {
        chunk->items = pool__board_offset(pool->board, item);
        return error;
    }
    struct pool__extent *memory = pool__arena_alloc(&pool->items_arena, result.needed);
    if (!memory)
        return -ENOBUFS;
    use_items(chunk, memory);
    error = pool__encode(job, chunk->first, chunk->count, pool__board_at(pool->board, chunk->items),
                         result.needed, &result);
    return error == POOL__NO_ROOM ? -EINVAL
                                  : error; /* a pack function that writes more the second time */
}

/* As many of the chunk's items as a chunk may hold; counts them in chunk->count. Returns as
 * pack_single() does, and POOL__NO_ROOM when not even the first fits. */
static int pack_several(pool_t *pool, struct pool_future *job, struct pool__chunk *chunk)
{
    struct pool__dry_run result;
    struct pool__extent *memory = pool__arena_alloc(&pool->items_arena, pool__chunk_limit(pool));
    if (!memory)
        return -ENOBUFS;
    unsigned char *to = pool__board_at(pool->board, pool__extent_offset(memory));
    int error =
        pool__encode(job, chunk->first, chunk->count, to, pool__extent_size(memory), &result);
    if (error) {
        pool__arena_free(&pool->items_arena, memory);
        return error;
    }
    chunk->count = result.passed;
    job->item_bytes = (double)result.bytes / (double)result.passed;
    pool__arena_shrink(&pool->items_arena, memory, result.bytes);
    use_items(chunk, memory);
    return 0;
}

/* Packs items into a stream. A chunk ends before an item that does not fit or cannot be packed. */
static int place_stream(pool_t *pool, struct pool_future *job, uint32_t number)
{
    struct pool__chunk *chunk = &pool->chunks[number];
    int error = chunk->count > 1 ? pack_several(pool, job, chunk) : POOL__NO_ROOM;
    return error == POOL__NO_ROOM ? pack_single(pool, job, number) : error;
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

static bool place_results(pool_t *pool, const struct pool_future *job, uint32_t number)
{
    struct pool__chunk *chunk = &pool->chunks[number];
    uint64_t bytes = chunk->count * job->out.size;
    if (job->result_type)
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

/* ---- Filling ---- */

int pool__place_items(pool_t *pool, struct pool_future *job, uint32_t number)
{
    struct pool__chunk *chunk = &pool->chunks[number];
    int error = -ENOBUFS;
    if (job->item_type)
        error = place_stream(pool, job, number);
    else if (place_plain(pool, job, number))
        error = chunk->count ? 0 : POOL__NO_MORE;
    if (!error) {
        pool->bytes += chunk->item_memory ? pool__extent_size(chunk->item_memory) : 0;
        return 0;
    }
    pool__arena_free(&pool->items_arena, chunk->item_memory);
    chunk->item_memory = NULL;
    return error;
}

/* Finds room on the board for the chunk's results and items. Returns as pool__place_items() does. */
static int place(pool_t *pool, struct pool_future *job, uint32_t number)
{
    struct pool__chunk *chunk = &pool->chunks[number];
    chunk->item_memory = chunk->result_memory = NULL;
    int error = -ENOBUFS;
    if (place_results(pool, job, number))
        error = pool__place_items(pool, job, number);
    if (error) {
        pool->bytes -= chunk->result_memory ? pool__extent_size(chunk->result_memory) : 0;
        pool__arena_free(&pool->results_arena, chunk->result_memory);
        chunk->result_memory = NULL;
    }
    return error;
}

/* The next item cannot even be packed: it fails here. */
static void fail_item(pool_t *pool, struct pool_future *job, int code)
{
    pool_error_t error = pool__unpackable(pool, code);
    job->is_staged = false;
    error.index = job->given++;
    pool__item_failed(job, &error);
}

static void give_order(pool_t *pool, struct pool_future *job, uint32_t number)
{
    struct pool__order *order = &pool->board->orders[number];
    order->function = job->function;
    order->item_size = job->in.size;
    order->result_size = job->out.size;
    order->item_type = job->item_type;
    order->result_type = job->result_type;
    order->shared = job->out_shared;
    order->fold = job->fold != NULL;
    order->seed = job->options.seed;
    order->urgent = job->options.fail_fast;
    pool->chunks[number].job = job;
    job->chunks++;
    atomic_store_explicit(&order->cancelled, 0, memory_order_relaxed);
    job->given += pool->chunks[number].count;
    if (job->fold)
        pool__block_go_on(pool, number);
    else
        pool__publish(pool, number);
}

/* Finds room for a chunk of the job's next items and writes them. Returns as place() does. */
static int prepare(pool_t *pool, struct pool_future *job, uint32_t number)
{
    struct pool__chunk *chunk = &pool->chunks[number];
    chunk->first = job->given;
    chunk->count = pool__chunk_count(pool, job);
    chunk->unplaced = 0;
    if (job->fold)
        return pool__block_begin(pool, job, number) ? 0 : -ENOBUFS;
    for (;;) {
        int error = place(pool, job, number);
        if (error != -ENOBUFS || chunk->count == 1 || pool__outstanding(pool) > 1)
            return error;
        chunk->count /= 2; /* nothing else is outstanding that could make room */
    }
}

/* Whether the next item is for a worker that there is not to be any more. */
static bool is_undeliverable(const pool_t *pool, const struct pool_future *job)
{
    return job->broadcast && job->given >= (size_t)pool_processes(pool);
}

static void return_item(struct pool_future *job)
{
    pool_error_t error = pool__undelivered;
    error.index = job->given++;
    pool__item_failed(job, &error);
}

/* Makes one chunk of the job's next items. False when there is no room for it now. */
static bool fill_one(pool_t *pool, struct pool_future *job)
{
    uint32_t number;
    if (is_undeliverable(pool, job)) {
        return_item(job);
        return true;
    }
    if (!pool__take_number(pool, &number)) {
        if (pool__outstanding(pool) == 0)
            job->status = -ENOMEM; /* wild writes have cost all of them */
        return false;
    }
    int error = prepare(pool, job, number);
    if (!error) {
        give_order(pool, job, number);
        return true;
    }
    pool__give_number(pool, number);
    if (error == POOL__NO_MORE) {
        job->in.count = job->given;
        return false;
    }
    if (error == -ENOBUFS && pool__outstanding(pool) > 0)
        return false;
    if (error == -ENOBUFS && job->fold) {
        job->status = -ENOMEM; /* not even one accumulator fits */
        return false;
    }
    fail_item(pool, job, error == -ENOBUFS ? -ENOMEM : error); /* it does not even fit alone */
    return true;
}

/* Whether one more chunk of the job should be given out now. */
static bool wants_more(const pool_t *pool, const struct pool_future *job)
{
    uint32_t workers = (uint32_t)pool->board->processes;
    if (job->given == job->in.count || job->status < 0 || job->stopped ||
        pool->phase == POOL__GONE_PHASE)
        return false;
    if (job->window && pool__window_room(job) == 0)
        return false;
    if (job->broadcast)
        return is_undeliverable(pool, job) || !pool__mailbox_full(pool->board, (int)job->given);
    if (job->fold && pool__fold_full(job))
        return false;
    uint64_t held = job->fold ? pool__fold_ahead(job) : job->chunks;
    if (held <= workers)
        return true;
    return pool->bytes < pool->launch.options.budget &&
           (job->options.chunksize || job->chunks < pool__chunks_ahead(job, workers));
}

/* Gives out a chunk of each job of the first priority that wants any. Returns whether there was one. */
static bool fill_round(pool_t *pool)
{
    bool any = false;
    int priority = 0;
    for (struct pool_future *job = pool->jobs; job; job = job->next) {
        if (any && job->options.priority < priority)
            break;
        if (wants_more(pool, job) && fill_one(pool, job)) {
            any = true;
            priority = job->options.priority;
        }
    }
    return any;
}

/* Goes on with blocks that wait for room, and merges blocks that are next. */
static void tend_folds(pool_t *pool)
{
    pool__blocks_retry(pool);
    for (struct pool_future *job = pool->jobs; job; job = job->next)
        if (job->fold && pool__fold_merge(job) && !job->stopped)
            pool__stop(pool, job, POOL_CANCELLED, false);
}

void pool__fill(pool_t *pool)
{
    bool any = false;
    tend_folds(pool);
    for (; fill_round(pool); tend_folds(pool))
        any = true;
    if (any)
        pool__wake_some(pool);
}
