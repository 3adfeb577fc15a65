/* Items, and room for results, onto the board. With the lock held. */
#ifndef POOL_HOST_TRANSPORT_BOARD_PLACE_H
#define POOL_HOST_TRANSPORT_BOARD_PLACE_H

#include <stdbool.h>
#include <stdint.h>

#include "host/transport/board/account.h"
#include "procpool.h"

/* Finds room on the board for items of the chunk and writes them; counts those that fit in chunk->count.
 * Items are not taken from their source unless all is well. Returns 0; -ENOBUFS: there is no room now; or
 * what pool__unpackable() knows of the first item, or POOL__NO_MORE. */
int pool__place_items(pool_t *pool, struct pool_future *job, uint32_t number);

/* The same, after finding room for the results. */
int pool__place(pool_t *pool, struct pool_future *job, uint32_t number);

/* Replaces the chunk's memory for results by `bytes` of it. False when there is none. */
bool pool__make_room(pool_t *pool, struct pool__chunk *chunk, uint64_t bytes);

#endif
