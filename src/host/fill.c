/* Runs in the host: how many items make a chunk, where they lie, and how many chunks are given out
 * ahead. */
#include "host/fill.h"

#include <errno.h>
#include <string.h>

/* More bytes than any board has: sums of a few stay in range, and no allocation succeeds. */
#define UNREASONABLE ((uint64_t)1 << 56)

enum {
    CHUNK_NANOSECONDS = 100000, /* what an automatic chunk should take: long beside a claim */
    CHUNK_BYTES = 256 << 10,    /* and what it may hold: it should stay in a cache */
    AHEAD = 8,                  /* automatic chunks outstanding per worker */
    SHARE = 4,                  /* near the end, a chunk is a worker's rest divided by this */
    BUDGET = 32 << 20           /* bytes outstanding, unless a chunk per worker needs more */
};

uint64_t pool__item_stride(const struct pool__job *job)
{
    if (job->in.type == &pool_type_plain)
        return job->in.size;
    return sizeof(struct pool__frame);
}

uint64_t pool__chunk_bytes(const struct pool__chunk *chunk)
{
    return (chunk->item_memory ? pool__extent_size(chunk->item_memory) : 0) +
           (chunk->result_memory ? pool__extent_size(chunk->result_memory) : 0);
}

void pool__lose_items(pool_t *pool, struct pool__job *job, uint64_t from, uint64_t to)
{
    for (uint64_t i = from; i < to; i++) {
        pool_error_t error = {.index = i, .kind = POOL_LOST, .code = job->status,
                              .message = pool->broken ? pool->why : "", .worker = -1};
        pool__item_failed(pool, job, &error);
    }
    job->ended += to - from;
}

/* ---- Items ---- */

static const char *text_at(const struct pool__job *job, uint64_t i)
{
    return ((const char *const *)job->in.data)[i];
}

static const pool_bytes_t *bytes_at(const struct pool__job *job, uint64_t i)
{
    return &((const pool_bytes_t *)job->in.data)[i];
}

/* Bytes of the item on the board beside its stride. */
static uint64_t payload(const struct pool__job *job, uint64_t i)
{
    if (job->in.type == &pool_type_text) {
        const char *text = text_at(job, i);
        return text ? strlen(text) + 1 : 0;
    }
    if (job->in.type == &pool_type_bytes) {
        const pool_bytes_t *bytes = bytes_at(job, i);
        uint64_t size = bytes->size < UNREASONABLE ? bytes->size : UNREASONABLE;
        return bytes->data ? (size + 15) / 16 * 16 + 16 : 0; /* never 0: NULL alone is that */
    }
    return 0;
}

/* Writes `count` items from index `first` to `to`. */
static void pack(const struct pool__job *job, uint64_t first, uint64_t count, unsigned char *to)
{
    if (job->in.type == &pool_type_plain) {
        memcpy(to, (const char *)job->in.data + first * job->in.size, count * job->in.size);
        return;
    }
    struct pool__frame *frames = (struct pool__frame *)(void *)to;
    uint64_t at = count * sizeof *frames;
    for (uint64_t i = 0; i < count; i++) {
        bool text = job->in.type == &pool_type_text;
        const void *data = text ? text_at(job, first + i) : bytes_at(job, first + i)->data;
        uint64_t size = text ? payload(job, first + i) : bytes_at(job, first + i)->size;
        frames[i] = (struct pool__frame){data ? at - i * sizeof *frames : 0, data ? size : 0};
        if (data)
            memcpy(to + at, data, size);
        at += payload(job, first + i);
    }
}

/* ---- How many ---- */

/* Items in the next chunk, judged by time. */
static uint64_t count_by_time(const pool_t *pool, const struct pool__job *job)
{
    uint64_t rest = job->in.count - job->next;
    if (job->chunksize)
        return job->chunksize < rest ? job->chunksize : rest;
    if (job->item_nanoseconds <= 0)
        return 1;
    double wanted = CHUNK_NANOSECONDS / job->item_nanoseconds;
    uint64_t share = rest / (SHARE * (uint64_t)pool->board->processes);
    uint64_t count = wanted < (double)share ? (uint64_t)wanted : share;
    return count > 0 ? count : 1;
}

/* Items of those that also suit by size, at least one, and the bytes they take on the board. */
static uint64_t count_by_size(const struct pool__job *job, uint64_t count, uint64_t *bytes)
{
    uint64_t stride = pool__item_stride(job), limit = job->chunksize ? UNREASONABLE : CHUNK_BYTES;
    uint64_t larger = stride > job->out.size ? stride : job->out.size;
    if (job->in.type == &pool_type_plain) {
        uint64_t fit = limit / larger > 0 ? limit / larger : 1;
        count = count < fit ? count : fit;
        *bytes = count * stride;
        return count;
    }
    uint64_t i = 0;
    *bytes = 0;
    do
        *bytes += stride + payload(job, job->next + i);
    while (++i < count && (i + 1) * larger <= limit && *bytes <= limit);
    return i;
}

/* ---- Filling ---- */

/* Finds room on the board for the chunk's items and results. False when there is none now. */
static bool place(pool_t *pool, const struct pool__job *job, uint32_t number, uint64_t item_bytes)
{
    struct pool__chunk *chunk = &pool->chunks[number];
    struct pool__order *order = &pool->board->orders[number];
    uint64_t result_bytes = chunk->count * job->out.size;
    chunk->item_memory = chunk->result_memory = NULL;
    if (job->in_shared)
        chunk->items = pool__board_offset(pool->board, job->in.data) + chunk->first * job->in.size;
    else if (item_bytes <= POOL__INLINE_ITEM)
        chunk->items = pool__board_offset(pool->board, order->item);
    else if ((chunk->item_memory = pool__arena_alloc(&pool->items_arena, item_bytes)))
        chunk->items = pool__extent_offset(chunk->item_memory);
    else
        return false;
    if (job->out_shared)
        chunk->results =
            pool__board_offset(pool->board, job->out.data) + chunk->first * job->out.size;
    else if (result_bytes <= POOL__INLINE_RESULT)
        chunk->results = pool__board_offset(pool->board, pool->desk->cells[number].result);
    else if ((chunk->result_memory = pool__arena_alloc(&pool->results_arena, result_bytes)))
        chunk->results = pool__extent_offset(chunk->result_memory);
    else {
        pool__arena_free(&pool->items_arena, chunk->item_memory);
        return false;
    }
    return true;
}

static uint32_t layout_of(const pool_type_t *type)
{
    if (type == &pool_type_text)
        return POOL__TEXT;
    return type == &pool_type_bytes ? POOL__BYTES : POOL__PLAIN;
}

/* Makes one chunk of the job's next items. False when there is no room for it now. */
static bool fill_one(pool_t *pool, struct pool__job *job)
{
    uint32_t number = pool->free_chunks[pool->free_count - 1];
    struct pool__chunk *chunk = &pool->chunks[number];
    struct pool__order *order = &pool->board->orders[number];
    uint64_t bytes;
    chunk->first = job->next;
    chunk->count = count_by_size(job, count_by_time(pool, job), &bytes);
    while (!place(pool, job, number, bytes)) {
        if (pool__outstanding(pool) > 0)
            return false;
        if (chunk->count == 1) {
            job->status = -ENOMEM; /* not even one item fits */
            return false;
        }
        chunk->count = count_by_size(job, chunk->count / 2, &bytes);
    }
    pool->free_count--;
    pool->bytes += pool__chunk_bytes(chunk);
    chunk->job = job;
    order->function = job->function;
    order->item_size = job->in.size;
    order->result_size = job->out.size;
    order->layout = layout_of(job->in.type);
    order->shared = job->out_shared;
    if (!job->in_shared)
        pack(job, chunk->first, chunk->count, pool__board_at(pool->board, chunk->items));
    job->next += chunk->count;
    pool__publish(pool, number);
    return true;
}

/* Whether one more chunk should be given out now. */
static bool wants_more(const pool_t *pool, const struct pool__job *job)
{
    uint32_t outstanding = pool__outstanding(pool), workers = (uint32_t)pool->board->processes;
    if (job->next == job->in.count || job->status < 0 || pool->free_count == 0 ||
        pool->phase != POOL__RUNNING_PHASE)
        return false;
    if (outstanding <= workers)
        return true;
    return pool->bytes < BUDGET && (job->chunksize || outstanding < AHEAD * workers);
}

void pool__fill(pool_t *pool, struct pool__job *job)
{
    bool any = false;
    while (wants_more(pool, job) && fill_one(pool, job))
        any = true;
    if (any)
        pool__ring(pool);
}
