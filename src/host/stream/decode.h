/* Results that are not plain data: from a stream of entries to the sink of a job. */
#ifndef POOL_HOST_STREAM_DECODE_H
#define POOL_HOST_STREAM_DECODE_H

#include <stdint.h>

#include "procpool.h"

/* A run of items whose results are being taken. Workers can overwrite the stream at any time: all that is
 * read there is copied, then checked. */
struct pool__decoding {
    struct pool_future *job;
    const unsigned char *stream;
    uint64_t used;  /* bytes of the stream in which there are entries */
    uint64_t at;    /* how far it has been read */
    uint64_t first; /* the index of the run's first item */
    uint64_t taken; /* how many items of the run have an end */
};

/* Takes results until the first `ended` items of the run have an end; those whose entries are not there, or
 * make no sense, end as corrupt. */
void pool__decode(struct pool__decoding *decoding, uint64_t ended);

#endif
