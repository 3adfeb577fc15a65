/* The size of chunks: how many items make a chunk, how much room its results get, and how many
 * chunks are outstanding. Numbers in, a number out. With the lock held. */
#ifndef POOL_HOST_JOB_SIZE_H
#define POOL_HOST_JOB_SIZE_H

#include <stdbool.h>
#include <stdint.h>

#include "procpool.h"

/* The most bytes that the items of one chunk should have, and the most bytes that its results
 * should have. One chunk for each worker and one more are given out in any case; with this limit
 * they are within the budget together. At least 1 KiB. */
uint64_t pool__share_of_budget(const pool_t *pool);

/* The same for a chunk of automatic size, which should also fit into a cache. */
uint64_t pool__chunk_limit(const pool_t *pool);

/* How many of the job's next items the next chunk should have; in a fold, at most the rest of a
 * block. `hurry`: the chunk overtakes others, so it has one item as long as it is not known how long
 * an item takes. */
uint64_t pool__chunk_count(const pool_t *pool, const struct pool_future *job, bool hurry);

/* The bytes that a stream of the results of `count` items will probably need. */
uint64_t pool__likely_room(const pool_t *pool, const struct pool_future *job, uint64_t count);

/* The most chunks of automatic size that should be outstanding in the job, with so many workers. */
uint32_t pool__chunks_ahead(const struct pool_future *job, uint32_t workers);

#endif
