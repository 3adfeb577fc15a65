/* Runs in the host, with the lock held: makes chunks. It takes a number, has the items placed, fills
 * the order, and publishes the chunk. */
#include "host/transport/board/put.h"

#include <errno.h>

#include "common/board.h"
#include "host/job/fold.h"
#include "host/job/job.h"
#include "host/job/size.h"
#include "host/job/window.h"
#include "host/pool.h"
#include "host/transport/board/account.h"
#include "host/transport/board/express.h"
#include "host/transport/board/place.h"
#include "host/transport/board/ring.h"

enum { RESERVED = 256 }; /* chunk numbers that are kept for chunks that overtake */

/* Fills the order of a chunk that has been placed, and publishes the chunk. */
static void give_order(pool_t *pool, struct pool_future *job, uint32_t number)
{
    struct pool__order *order = &pool->board->orders[number];
    order->function = job->function;
    order->item_size = job->in.size;
    order->result_size = job->out.size;
    order->item_type = job->in.type;
    order->result_type = job->out.type;
    order->shared = job->out_shared;
    order->fold = job->fold != NULL;
    order->keyed = job->options.keys != NULL;
    if (!order->keyed)
        order->seed = job->options.seed;
    order->urgent = job->options.fail_fast;
    pool__note_queued(pool, job, pool->chunks[number].ring);
    pool__chunk_out(&pool->chunks[number], job);
    job->given += pool->chunks[number].count;
    if (job->fold)
        pool__fold_given(job, pool->chunks[number].count);
    pool__publish(pool, number);
}

/* Makes a chunk of the job's next items and places it on the board. Returns as pool__place() does. */
static enum pool__placing prepare(pool_t *pool, struct pool_future *job, uint32_t number)
{
    struct pool__chunk *chunk = &pool->chunks[number];
    chunk->first = job->fold ? pool__fold_next(job) : job->given;
    chunk->ring = pool__ring_for(pool, job);
    chunk->count = pool__chunk_count(pool, job, chunk->ring < POOL__COMMON);
    if (job->window)
        chunk->count = pool__window_fit(job, chunk->count);
    for (;;) {
        enum pool__placing placing = pool__place(pool, job, number);
        /* Another outstanding chunk makes room when it ends. If there is no other, a smaller chunk
         * is tried. */
        if (placing != POOL__NO_ROOM_NOW || chunk->count == 1 || pool__outstanding(pool) > 1)
            return placing;
        chunk->count /= 2;
    }
}

/* Whether the numbers that are left are for chunks that overtake. */
static bool is_reserved(const pool_t *pool, const struct pool_future *job)
{
    return pool__numbers_left(pool) <= RESERVED && pool__outstanding(pool) >= RESERVED &&
           pool__ring_for(pool, job) == POOL__COMMON;
}

/* The same as pool__put(), for a number that is free. */
static enum pool__placing put(pool_t *pool, struct pool_future *job, uint32_t number)
{
    enum pool__placing placing = prepare(pool, job, number);
    if (placing == POOL__PLACED) {
        give_order(pool, job, number);
        return placing;
    }
    pool__give_number(pool, number);
    bool full = placing == POOL__NO_ROOM_NOW || placing == POOL__NO_CARRY;
    if (full && pool__outstanding(pool) > 0)
        return POOL__NO_ROOM_NOW;
    return placing == POOL__NO_ROOM_NOW ? pool__unplaceable(pool, -ENOMEM) : placing;
}

enum pool__placing pool__put(pool_t *pool, struct pool_future *job)
{
    uint32_t number;
    if (!is_reserved(pool, job) && pool__take_number(pool, &number))
        return put(pool, job, number);
    /* Wild writes may have condemned all numbers. */
    return pool__outstanding(pool) > 0 ? POOL__NO_ROOM_NOW : POOL__NO_CARRY;
}

bool pool__has_room(const pool_t *pool, const struct pool_future *job)
{
    if (job->broadcast)
        return !pool__mailbox_full(pool->board, (int)job->given);
    return pool->bytes < pool->launch.options.budget && pool__numbers_left(pool) > RESERVED;
}
