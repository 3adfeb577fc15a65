/* Encoding: items that are not plain data go from the source of a job to a stream of entries
 * (common/board.h). With the lock held. */
#ifndef POOL_HOST_STREAM_ENCODE_H
#define POOL_HOST_STREAM_ENCODE_H

#include <stdint.h>

#include "common/board.h"
#include "procpool.h"

/* What became of the items that were to go to the board. */
enum pool__placing {
    POOL__PLACED,
    POOL__NO_ROOM,     /* the first item needs more room than it was given */
    POOL__NO_ROOM_NOW, /* the board has no room: other chunks must end first */
    POOL__NO_CARRY,    /* the same, and there is no room even for a fold's accumulator alone */
    POOL__NO_MORE,     /* the source has no more items */
    POOL__NO_ITEM,     /* within pool__encode() alone: the pointer to the first item is NULL */
    POOL__UNPLACEABLE  /* the first item cannot be packed: pool->unplaceable says why */
};

/* Packs at most `count` items, from item `first` on, to the `room` bytes at `to`. Stops before the
 * first item that does not fit or cannot be packed. Returns POOL__PLACED when at least one item is
 * packed; else what became of the first item, but never POOL__NO_ROOM_NOW or POOL__NO_CARRY.
 * `*result` has the number of packed items (`passed`), the bytes that they take (`bytes`), and the
 * bytes that an item which did not fit needs (`needed`). */
enum pool__placing pool__encode(struct pool_future *job, uint64_t first, uint64_t count,
                                unsigned char *to, uint64_t room, struct pool__dry_run *result);

/* Says in pool->unplaceable that an item cannot be packed, with the code of the function that
 * failed. Returns POOL__UNPLACEABLE. */
enum pool__placing pool__unplaceable(pool_t *pool, int code);

/* The same of an item whose pointer is NULL. */
enum pool__placing pool__no_item(pool_t *pool);

#endif
