/* Blocks of a fold. Each block is one chunk on the board.
 *
 * The chunk's memory for results holds two copies of the accumulator, 0 and 1. Before its item i
 * the worker copies number i % 2 over the other, and the function works on that other copy. So
 * after `ended` items copy `ended` % 2 is valid, even if the worker dies in the next item. Whenever
 * the chunk is published, copy 0 is the valid one. With the lock held. */
#ifndef POOL_HOST_TRANSPORT_BOARD_BLOCK_H
#define POOL_HOST_TRANSPORT_BOARD_BLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "host/transport/board/account.h"
#include "procpool.h"

/* Begins the block that the chunk is: finds room for the two copies and writes the accumulator of
 * the call to copy 0. Places no item. False when there is no room. */
bool pool__block_begin(pool_t *pool, struct pool_future *job, uint32_t number);

/* Publishes the items that are left of the block. If none of these is on the board, places some
 * first. If there is no room for any, the chunk is parked: it stays in the account and is not
 * published. */
void pool__block_go_on(pool_t *pool, uint32_t number);

/* Goes on with each parked block for which there is room now. If there is none, and no other chunk
 * holds room that will become free, the block's next item fails with -ENOMEM. */
void pool__blocks_retry(pool_t *pool);

/* After the first `ended` items of the chunk, as it was last published: copies the valid
 * accumulator to copy 0. */
void pool__block_settle(pool_t *pool, const struct pool__chunk *chunk, uint64_t ended);

/* Ends the block without an accumulator, since the one on the board cannot be trusted. That fails
 * the job with -EBADMSG if an item of the block had ended well. */
void pool__block_condemn(const struct pool__chunk *chunk);

/* Ends the block of a chunk that the host takes from its owner, which may still write to the
 * chunk's memory. `sensible`: the progress of the chunk is possible, and its first `ended` items
 * have been taken. If an item of the block has ended well, the valid copy is copied to other
 * memory, with which the block ends. If that cannot be done, the job fails: with -EBADMSG if not
 * `sensible`, with -ENOMEM if there is no room. */
void pool__block_take_away(pool_t *pool, uint32_t number, uint64_t ended, bool sensible);

#endif
