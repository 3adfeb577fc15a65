/* The account: what the host knows of each chunk, by chunk number. The number is the index of the
 * chunk's order and cell on the board. Workers cannot write to the account: which chunks are
 * outstanding, where they lie and to which job they belong is known from here alone. With the lock
 * held. */
#ifndef POOL_HOST_TRANSPORT_BOARD_ACCOUNT_H
#define POOL_HOST_TRANSPORT_BOARD_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/board.h"
#include "host/base/arena.h"
#include "host/job/ends.h"
#include "host/job/job.h"
#include "host/job/queue.h"
#include "host/pool.h"

struct pool__chunk {
    struct pool_future *job;             /* NULL: the number is free or awaited */
    struct pool__chunk *next, *previous; /* outstanding chunks of the same job */
    unsigned ring;                       /* in which its ticket is: see board/express.h */
    int priority;                        /* of its job */
    /* The host has taken the chunk from its owner, which may still write to the chunk's memory. So
     * number and memory are not used again until the owner is dead. */
    bool awaited;
    /* Of an awaited chunk: the worker that owns it, and the life of that worker. -1: the owner is
     * not known. Then the number is condemned: number and memory are not used again until all
     * workers are gone. */
    int owner;
    uint32_t owner_life;
    /* Why the worker that the chunk's word names cannot run the chunk, as the latest tick found,
     * and the generation that the chunk had then. */
    enum pool__doubt {
        POOL__NO_DOUBT, /* no reason was found */
        POOL__UNBORN,   /* that life of the worker cannot work yet */
        POOL__SLEEPS    /* the worker sleeps */
    } doubt;
    uint32_t doubted;
    /* Index of its first item among the items of the call, and how many items it has. An item that
     * ended in an earlier generation is not counted any more. */
    uint64_t first, count;
    bool good; /* of a fold: at least one of its items has ended well */
    uint32_t generation;
    /* Number of its latest ticket in the ring; UINT64_MAX: that ticket is in a mailbox. */
    uint64_t position;
    uint64_t items, results; /* where they lie: bytes from the board's start */
    /* Arena memory for them. NULL: they lie in the order or the cell, or in a shared array. */
    struct pool__extent *item_memory, *result_memory;
    /* Of a call with keys: the seeds of its items, and where that of the first lies. Else NULL. */
    struct pool__extent *seed_memory;
    uint64_t seeds;
    uint64_t room;      /* bytes at `results` */
    uint64_t taken;     /* how many of its items, the first ones, have an end */
    uint64_t result_at; /* bytes of its stream of results that the host has read */
};

/* Makes the account. Returns 0 or -ENOMEM; in both cases pool__chunks_fini() frees what there is.
 */
int pool__chunks_init(pool_t *pool);
void pool__chunks_fini(pool_t *pool);

/* How many numbers are in use and not condemned: those of outstanding chunks, and those whose owner
 * is known and awaited. */
uint32_t pool__outstanding(const pool_t *pool);

/* How many numbers are free. */
static inline uint32_t pool__numbers_left(const pool_t *pool)
{
    return POOL__CHUNKS - pool->numbers + pool->free_count;
}

/* Takes a free number for a chunk. False when all are in use. Numbers that have been used before
 * come first, so a pool that needs few at a time touches little of the account and of the board. */
static inline bool pool__take_number(pool_t *pool, uint32_t *number)
{
    if (pool->free_count > 0) {
        *number = pool->free_numbers[--pool->free_count];
    } else if (pool->numbers < POOL__CHUNKS) {
        *number = pool->numbers++;
        pool->chunks[*number] = (struct pool__chunk){0};
    } else {
        return false;
    }
    return true;
}

/* Gives the number back. */
static inline void pool__give_number(pool_t *pool, uint32_t number)
{
    pool->chunks[number].job = NULL;
    pool->free_numbers[pool->free_count++] = number;
}

/* Bytes of arena memory that the chunk has. They count against the pool's budget. */
static inline uint64_t pool__chunk_bytes(const struct pool__chunk *chunk)
{
    return (chunk->item_memory ? pool__extent_size(chunk->item_memory) : 0) +
           (chunk->seed_memory ? pool__extent_size(chunk->seed_memory) : 0) +
           (chunk->result_memory ? pool__extent_size(chunk->result_memory) : 0);
}

/* Records that the chunk is outstanding, for this job, and to be queued in chunk->ring. */
void pool__chunk_out(struct pool__chunk *chunk, struct pool_future *job);

/* Records that the chunk is to be queued in another ring. */
void pool__chunk_move(struct pool__chunk *chunk, unsigned ring);

/* Records that the chunk has come back to the host. It has no job then. */
void pool__chunk_back(struct pool__chunk *chunk);

static inline uint32_t pool__number_of(const pool_t *pool, const struct pool__chunk *chunk)
{
    return (uint32_t)(chunk - pool->chunks);
}

/* Drops the chunk's first `count` items, which have an end, from its account. `taken` is not
 * changed. */
void pool__skip_items(pool_t *pool, struct pool__chunk *chunk, uint64_t count);

static inline struct pool__cell *pool__cell(const pool_t *pool, uint32_t number)
{
    return &pool->writable->cells[number];
}

/* Ends items `taken` to `ended` - 1 of the chunk with this error; they count as taken then. */
static inline void pool__fail_items(struct pool__chunk *chunk, uint64_t ended, pool_error_t error)
{
    pool__run_failed(chunk->job, chunk->first, &chunk->taken, ended, error);
}

#endif
