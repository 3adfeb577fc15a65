/* How many items make a chunk: numbers in, a number out. */
#ifndef POOL_HOST_JOB_SIZE_H
#define POOL_HOST_JOB_SIZE_H

#include <stdbool.h>
#include <stdint.h>

#include "procpool.h"

/* What one chunk may hold of items, and of results, so that the chunks that are given out in any case, one
 * for each worker and one more, are within the budget. */
uint64_t pool__share_of_budget(const pool_t *pool);

/* The same, and no more than a cache holds: for chunks of automatic size. */
uint64_t pool__chunk_limit(const pool_t *pool);

/* How many of the job's next items the next chunk should have. */
uint64_t pool__chunk_count(const pool_t *pool, const struct pool_future *job);

/* The room that the results of `count` items in a stream will likely need. */
uint64_t pool__likely_room(const pool_t *pool, const struct pool_future *job, uint64_t count);

/* How many chunks of the job should be outstanding at most. */
uint32_t pool__chunks_ahead(const struct pool_future *job, uint32_t workers);

#endif
