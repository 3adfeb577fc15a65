/* Writes items to the board and finds room there for their results. With the lock held. */
#ifndef POOL_HOST_TRANSPORT_BOARD_PLACE_H
#define POOL_HOST_TRANSPORT_BOARD_PLACE_H

#include <stdbool.h>
#include <stdint.h>

#include "host/stream/encode.h"
#include "host/transport/board/account.h"
#include "procpool.h"

/* Finds room on the board for the chunk's results and items, and writes the items; in a fold, the
 * accumulator too. Lowers chunk->count if only some items of a stream fit, if the source has fewer,
 * or if the pointer to one is NULL. Never returns POOL__NO_ROOM. Unless it returns POOL__PLACED, no
 * item has been taken from the source. */
enum pool__placing pool__place(pool_t *pool, struct pool_future *job, uint32_t number);

/* Replaces the chunk's memory for results by at least `bytes` bytes, whose contents are undefined.
 * False when there is no room: then the chunk keeps the memory it has. */
bool pool__make_room(pool_t *pool, struct pool__chunk *chunk, uint64_t bytes);

#endif
