/* The chunks of a fold, each a part of a block.
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

/* After the first `ended` items of the chunk, as it was last published: copies the valid
 * accumulator to copy 0. */
void pool__block_settle(pool_t *pool, const struct pool__chunk *chunk, uint64_t ended);

/* Gives the fold the accumulator of a chunk that ends. All items of the chunk must have an end, or
 * get one now. `trusted`: the copy that is valid after the first `ended` items of the chunk, as it
 * was last published, is given. The chunk's owner may still be at work on the other copy. Not
 * `trusted`: the accumulator is lost. */
void pool__block_end(pool_t *pool, const struct pool__chunk *chunk, uint64_t ended, bool trusted);

#endif
