/* Blocks of a fold as chunks on the board.
 *
 * The results' memory of such a chunk holds two copies of the accumulator. Before the chunk's item i the
 * worker copies number i % 2 over the other, and the function works on that; so after `ended` items copy
 * `ended` % 2 is valid, also when the worker dies in the next item. Whenever a chunk is published its valid
 * copy is the first. With the lock held. */
#ifndef POOL_HOST_TRANSPORT_BOARD_BLOCK_H
#define POOL_HOST_TRANSPORT_BOARD_BLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "host/transport/board/account.h"
#include "procpool.h"

/* Finds room for the accumulator of the block that this chunk is, and begins it. False when there is
 * none. */
bool pool__block_begin(pool_t *pool, struct pool_future *job, uint32_t number);

/* Publishes what is left of a block, with items on the board; parks it when there is no room for them. */
void pool__block_go_on(pool_t *pool, uint32_t number);

/* Goes on with the blocks that are parked, as far as there is room. */
void pool__blocks_retry(pool_t *pool);

/* So many items of the chunk as it was published have ended: makes their accumulator the first copy. */
void pool__block_settle(pool_t *pool, const struct pool__chunk *chunk, uint64_t ended);

/* The chunk has ended, and its accumulator cannot be trusted. */
void pool__block_condemn(const struct pool__chunk *chunk);

/* The chunk is taken from its owner, which may be writing to it. `ended` of its items have been taken;
 * or, not `sensible`, its progress makes no sense. */
void pool__block_take_away(pool_t *pool, uint32_t number, uint64_t ended, bool sensible);

#endif
