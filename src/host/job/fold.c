/* Runs in the host: reductions. The items make blocks, each of which is a chunk; the accumulators of
 * the blocks are merged in their order, whatever the order in which they end.
 *
 * The results' memory of such a chunk holds two copies of the accumulator. Before the chunk's item
 * i the worker copies number i % 2 over the other, and the function works on that; so after `ended` items
 * copy `ended` % 2 is valid, also when the worker dies in the next item. Whenever a chunk is published
 * its valid copy is the first. */
#include <errno.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "common/board.h"
#include "host/base/arena.h"
#include "host/fill.h"
#include "host/pool.h"

enum {
    BLOCKS = 1024, /* unless the caller says how large they are: at most so many */
    WAITING = 1024 /* blocks that have been given out and not been merged: at most so many */
};

struct pool__fold {
    pool_merge_t merge;
    uint64_t block;  /* items in one */
    uint64_t merged; /* blocks that have been, or had nothing to be */
    struct ending {
        bool ended;
        struct pool__extent *memory; /* its accumulator lies first in it; NULL: nothing to merge */
    } endings[WAITING];              /* of block % WAITING */
    bool any;                        /* there is a sum */
    alignas(16) unsigned char sum[];
};

int pool__fold_start(struct pool_future *job, pool_merge_t merge)
{
    size_t count = job->in.count;
    struct pool__fold *fold = malloc(sizeof *fold + job->out.size);
    if (!fold)
        return -ENOMEM;
    memset(fold, 0, sizeof *fold);
    fold->merge = merge;
    fold->block = job->options.chunksize;
    if (fold->block == 0)
        fold->block = count > 0 ? (count - 1) / BLOCKS + 1 : 1;
    job->fold = fold;
    job->out_shared = false; /* workers write to copies, wherever the accumulator lies */
    return 0;
}

uint64_t pool__fold_block(const struct pool_future *job)
{
    return job->fold->block;
}

uint64_t pool__fold_ahead(const struct pool_future *job)
{
    uint64_t given = job->given / job->fold->block + (job->given % job->fold->block > 0);
    return given - job->fold->merged;
}

bool pool__fold_full(const struct pool_future *job)
{
    return pool__fold_ahead(job) >= WAITING;
}

/* ---- Chunks ---- */

bool pool__fold_begin(pool_t *pool, struct pool_future *job, uint32_t number)
{
    struct pool__chunk *chunk = &pool->chunks[number];
    chunk->item_memory = chunk->result_memory = NULL;
    chunk->good = false;
    chunk->unplaced = chunk->count;
    if (!pool__make_room(pool, chunk, 2 * pool__accumulator_stride(job->out.size)))
        return false;
    memcpy(pool__board_at(pool->board, chunk->results), job->out.data, job->out.size);
    return true;
}

/* Places as many of the chunk's next items as there is room for, and the budget allows at a time.
 * Returns as pool__place_items() does. */
static int place_some(pool_t *pool, uint32_t number)
{
    struct pool__chunk *chunk = &pool->chunks[number];
    const struct pool_future *job = chunk->job;
    const uint64_t whole = chunk->count;
    uint64_t most = job->in.size ? pool__share_of_budget(pool) / job->in.size : whole;
    most = most > 0 ? most : 1;
    if (!job->item_type && !job->in_shared && most < whole)
        chunk->count = most;
    int error = pool__place_items(pool, chunk->job, number);
    while (error == -ENOBUFS && chunk->count > 1) {
        chunk->count /= 2;
        error = pool__place_items(pool, chunk->job, number);
    }
    chunk->unplaced = error ? whole : whole - chunk->count;
    chunk->count = whole;
    return error;
}

/* The chunk's next item, which is not on the board, never gets there. */
static void fail_first(pool_t *pool, struct pool__chunk *chunk, int code)
{
    pool__fail_items(chunk, 1, pool__unpackable(pool, code));
    chunk->taken = 0;
    chunk->first++;
    chunk->unplaced = --chunk->count;
}

/* Places some of the items that are left, in the place of those before. Returns 0, with none left
 * perhaps, or -ENOBUFS: there is no room now. */
static int place_next(pool_t *pool, uint32_t number)
{
    struct pool__chunk *chunk = &pool->chunks[number];
    int error = 0;
    pool->bytes -= chunk->item_memory ? pool__extent_size(chunk->item_memory) : 0;
    pool__arena_free(&pool->items_arena, chunk->item_memory);
    chunk->item_memory = NULL;
    while (chunk->count > 0 && (error = place_some(pool, number)) != 0 && error != -ENOBUFS)
        fail_first(pool, chunk, error);
    return chunk->count > 0 ? error : 0;
}

void pool__fold_go_on(pool_t *pool, uint32_t number)
{
    struct pool__chunk *chunk = &pool->chunks[number];
    chunk->taken = 0;
    if (chunk->unplaced == chunk->count && place_next(pool, number) < 0) {
        chunk->parked = true;
        pool->parked++;
        return;
    }
    pool__publish(pool, number);
}

/* Whether something that takes room is in the hands of workers, or of one about to die. */
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
    pool__fold_go_on(pool, number);
}

/* Tries again to place items. One for which there is no room, though nothing else takes any, fails. */
static void try_again(pool_t *pool, uint32_t number)
{
    struct pool__chunk *chunk = &pool->chunks[number];
    unpark(pool, number);
    while (chunk->parked && !room_may_come(pool)) {
        fail_first(pool, chunk, -ENOMEM);
        unpark(pool, number);
    }
}

/* ---- Accumulators ---- */

static struct ending *ending_of(const struct pool_future *job, const struct pool__chunk *chunk)
{
    uint64_t last =
        chunk->first + chunk->count - 1; /* of the block, whatever the chunk still has */
    return &job->fold->endings[last / job->fold->block % WAITING];
}

void pool__fold_settle(pool_t *pool, const struct pool__chunk *chunk, uint64_t ended)
{
    size_t size = chunk->job->out.size;
    unsigned char *first = pool__board_at(pool->board, chunk->results);
    if (ended % 2)
        memcpy(first, first + pool__accumulator_stride(size), size);
}

void pool__fold_keep(pool_t *pool, const struct pool__chunk *chunk, struct pool__extent *memory)
{
    const struct pool_future *job = chunk->job;
    struct ending *ending = ending_of(job, chunk);
    if (memory && chunk->good && job->status == 0 && !ending->ended) {
        pool->bytes += pool__extent_size(memory);
        ending->memory = memory;
    } else {
        pool__arena_free(&pool->results_arena, memory);
    }
    ending->ended = true;
}

/* Items of the chunk have ended well, and what they made is lost. */
static void spoil(const struct pool__chunk *chunk, int code)
{
    if (chunk->good && chunk->job->status == 0)
        chunk->job->status = code;
}

void pool__fold_condemn(pool_t *pool, const struct pool__chunk *chunk)
{
    spoil(chunk, -EBADMSG);
    pool__fold_keep(pool, chunk, NULL);
}

void pool__fold_take_away(pool_t *pool, uint32_t number, uint64_t ended, bool sensible)
{
    struct pool__chunk *chunk = &pool->chunks[number];
    uint64_t size = pool__accumulator_stride(chunk->job->out.size);
    struct pool__extent *copy = NULL;
    /* `cancelled` was set before: the owner starts no item after the one that it is in, so nobody
     * writes to the copy that was valid before that. */
    if (sensible && chunk->good)
        copy = pool__arena_alloc(&pool->results_arena, size);
    if (copy)
        memcpy(pool__board_at(pool->board, pool__extent_offset(copy)),
               pool__board_at(pool->board, chunk->results) + ended % 2 * size, size);
    else
        spoil(chunk, sensible ? -ENOMEM : -EBADMSG);
    pool__fold_keep(pool, chunk, copy);
}

/* ---- Merging ---- */

static void add(pool_t *pool, struct pool_future *job, const void *accumulator)
{
    struct pool__fold *fold = job->fold;
    int code = 0;
    if (fold->any)
        code = fold->merge(fold->sum, accumulator);
    else
        memcpy(fold->sum, accumulator, job->out.size);
    fold->any = true;
    if (code == 0)
        return;
    job->status = code < 0 ? code : -code;
    if (!job->stopped)
        pool__stop(pool, job, POOL_CANCELLED, false);
}

static void merge_blocks(pool_t *pool, struct pool_future *job)
{
    struct pool__fold *fold = job->fold;
    for (;;) {
        struct ending *ending = &fold->endings[fold->merged % WAITING];
        struct pool__extent *memory = ending->memory;
        if (!ending->ended)
            return;
        *ending = (struct ending){0};
        fold->merged++;
        if (!memory)
            continue;
        if (job->status == 0)
            add(pool, job, pool__board_at(pool->board, pool__extent_offset(memory)));
        pool->bytes -= pool__extent_size(memory);
        pool__arena_free(&pool->results_arena, memory);
    }
}

void pool__fold_tend(pool_t *pool)
{
    bool any = pool->parked > 0;
    for (uint32_t number = 0; pool->parked > 0 && number < pool->numbers; number++)
        if (pool->chunks[number].parked)
            try_again(pool, number);
    if (any)
        pool__wake_some(pool);
    for (struct pool_future *job = pool->jobs; job; job = job->next)
        if (job->fold)
            merge_blocks(pool, job);
}

void pool__fold_end(pool_t *pool, struct pool_future *job)
{
    merge_blocks(pool, job);
    if (job->status == 0 && job->fold->any)
        memcpy(job->out.data, job->fold->sum, job->out.size);
    free(job->fold);
    job->fold = NULL;
}
