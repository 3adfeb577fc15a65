/* Decoding: results that are not plain data go from a stream of entries (common/board.h) to the
 * sink of a job. With the lock held. */
#ifndef POOL_HOST_STREAM_DECODE_H
#define POOL_HOST_STREAM_DECODE_H

#include <stdint.h>

#include "procpool.h"

/* A run of items whose results are being taken. Workers can overwrite the stream at any time, so
 * each number in it is copied, then the copy is checked and used. */
struct pool__decoding {
    struct pool_future *job;
    const unsigned char *stream;
    uint64_t used;  /* bytes of the stream that hold entries; within the room that it has */
    uint64_t at;    /* where the next entry begins: bytes from the start of the stream */
    uint64_t first; /* the index of the run's first item */
    uint64_t taken; /* items of the run that have an end: the first ones */
};

/* Takes results until the first `ended` items of the run have an end. If an entry is not there or
 * makes no sense, its item and all items up to `ended` end as corrupt. If the value in an entry
 * cannot be unpacked, that item fails alone. */
void pool__decode(struct pool__decoding *decoding, uint64_t ended);

#endif
