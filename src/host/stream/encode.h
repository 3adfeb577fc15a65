/* Items that are not plain data: from the source of a job to a stream of entries. */
#ifndef POOL_HOST_STREAM_ENCODE_H
#define POOL_HOST_STREAM_ENCODE_H

#include <limits.h>
#include <stdint.h>

#include "common/board.h"
#include "procpool.h"

/* What pool__encode() returns beside error codes, of which the user's functions may give any. */
enum {
    POOL__NO_ROOM = INT_MIN, /* the first item needs more room */
    POOL__DIED_PACKING,      /* the copy of the host died over the first item */
    POOL__NO_MORE,           /* the source is exhausted */
    POOL__NO_ITEM            /* the pointer to the first item is NULL */
};

/* Packs at most `count` items, from item `first` on, to the `room` bytes at `to`: as many as fit and can be
 * packed. Returns 0 when there is at least one, else what became of the first. `*result` says how many
 * there are (`passed`), what they take (`bytes`), and what the next one needs (`needed`). */
int pool__encode(struct pool_future *job, uint64_t first, uint64_t count, unsigned char *to,
                 uint64_t room, struct pool__dry_run *result);

/* The error of an item that could not be packed, by what pool__encode() returned. */
pool_error_t pool__unpackable(const pool_t *pool, int code);

#endif
