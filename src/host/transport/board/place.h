/* Writes items to the board and finds room there for their results. With the lock held. */
#ifndef POOL_HOST_TRANSPORT_BOARD_PLACE_H
#define POOL_HOST_TRANSPORT_BOARD_PLACE_H

#include <stdbool.h>
#include <stdint.h>

#include "host/transport/board/account.h"
#include "procpool.h"

/* Finds room on the board for the chunk's items and writes them. Lowers chunk->count if only some
 * items of a stream fit, if the source has fewer, or if the pointer to one is NULL. Returns 0; -ENOBUFS: there is no room now;
 * POOL__NO_MORE: the source has no more; or why the first item cannot be packed, which
 * pool__unpackable() makes an error of. Unless it returns 0, no item has been taken from the
 * source. */
int pool__place_items(pool_t *pool, struct pool_future *job, uint32_t number);

/* Does the same, but finds room for the results first. */
int pool__place(pool_t *pool, struct pool_future *job, uint32_t number);

/* Replaces the chunk's memory for results by at least `bytes` bytes, whose contents are undefined.
 * False when there is no room: then the chunk keeps the memory it has. */
bool pool__make_room(pool_t *pool, struct pool__chunk *chunk, uint64_t bytes);

#endif
