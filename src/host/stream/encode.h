/* Encoding: items that are not plain data go from the source of a job to a stream of entries
 * (common/board.h). With the lock held. */
#ifndef POOL_HOST_STREAM_ENCODE_H
#define POOL_HOST_STREAM_ENCODE_H

#include <limits.h>
#include <stdint.h>

#include "common/board.h"
#include "procpool.h"

/* What pool__encode() returns besides error codes. Functions of the user's may return any error
 * code, so these numbers are far from those in use. */
enum {
    POOL__NO_ROOM = INT_MIN, /* the first item needs more room */
    POOL__DIED_PACKING,      /* the copy of the host ended while it packed the first item */
    POOL__NO_MORE            /* the source has no more items */
};

/* Packs at most `count` items, from item `first` on, to the `room` bytes at `to`. Stops before the
 * first item that does not fit or cannot be packed. Returns 0 when at least one item is packed;
 * else what became of the first item: an error code, or one of the above. `*result` has the number
 * of packed items (`passed`), the bytes that they take (`bytes`), and the bytes that an item which
 * did not fit needs (`needed`). */
int pool__encode(struct pool_future *job, uint64_t first, uint64_t count, unsigned char *to,
                 uint64_t room, struct pool__dry_run *result);

/* Returns the error of an item that could not be packed. `code`: what pool__encode() returned. */
pool_error_t pool__unpackable(const pool_t *pool, int code);

#endif
