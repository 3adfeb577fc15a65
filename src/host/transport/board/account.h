/* The host's account of chunks, by number on the board. Workers cannot write here: what is outstanding, where
 * it lies and to which job it belongs is known from here alone. With the lock held. */
#ifndef POOL_HOST_TRANSPORT_BOARD_ACCOUNT_H
#define POOL_HOST_TRANSPORT_BOARD_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/board.h"
#include "host/base/arena.h"
#include "host/job/ends.h"
#include "host/pool.h"

struct pool__chunk {
    struct pool_future *job; /* NULL: the number is free, or its owner is awaited */
    bool awaited; /* taken from its owner while that ran it: free once the owner is dead */
    int owner;    /* which worker that is; -1: not known, so it is awaited for ever */
    uint32_t owner_life;
    /* Why the owner could not be it at the last audit, and in which generation. */
    enum pool__doubt { POOL__NO_DOUBT, POOL__UNBORN, POOL__SLEEPS } doubt;
    uint32_t doubted;
    uint64_t first, count; /* the items it still has to run */
    uint64_t unplaced;     /* of a fold: so many of them, the last, are not on the board yet */
    bool parked;           /* of a fold: no item is on the board, for want of room */
    bool good;             /* of a fold: one of its items has ended well */
    uint32_t generation;
    uint64_t position;       /* of its latest ticket in the ring; UINT64_MAX: in a mailbox */
    uint64_t items, results; /* offsets on the board */
    struct pool__extent *item_memory, *result_memory; /* NULL: inline, or shared */
    uint64_t room;                                    /* bytes at `results` */
    uint64_t taken;                                   /* how many of its items have an end */
    uint64_t result_at;                               /* of a stream: how far it has been read */
};

int pool__chunks_init(pool_t *pool);
void pool__chunks_fini(pool_t *pool);

/* How many chunks are under way. */
uint32_t pool__outstanding(const pool_t *pool);

/* Takes a free number for a chunk; false when all are in use. Gives it back. */
bool pool__take_number(pool_t *pool, uint32_t *number);
void pool__give_number(pool_t *pool, uint32_t number);

/* What a chunk takes of the budget. */
uint64_t pool__chunk_bytes(const struct pool__chunk *chunk);

/* Moves the account behind the next `count` items of the chunk. */
void pool__skip_items(pool_t *pool, struct pool__chunk *chunk, uint64_t count);

static inline struct pool__cell *pool__cell(const pool_t *pool, uint32_t number)
{
    return &pool->writable->cells[number];
}

/* Ends the chunk's items from the next to be taken up to the first `ended` with this error. */
static inline void pool__fail_items(struct pool__chunk *chunk, uint64_t ended, pool_error_t error)
{
    pool__run_failed(chunk->job, chunk->first, &chunk->taken, ended, error);
}

#endif
