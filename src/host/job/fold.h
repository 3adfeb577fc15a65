/* The sink of a fold. The items are cut into blocks, and each block has an accumulator. The
 * accumulators are merged into the sum in the order of the blocks, in whatever order the blocks
 * end. With the lock held. */
#ifndef POOL_HOST_JOB_FOLD_H
#define POOL_HOST_JOB_FOLD_H

#include <stdbool.h>
#include <stdint.h>

#include "host/base/arena.h"
#include "procpool.h"

/* Makes the job a fold. Returns 0 or -ENOMEM. */
int pool__fold_start(struct pool_future *job, pool_merge_t merge);

/* How many items a block has. The last block may have fewer. */
uint64_t pool__fold_block(const struct pool_future *job);

/* How many blocks have been given out and not been merged yet; and whether these are as many as may
 * be, so that no further block is given out for now. */
uint64_t pool__fold_ahead(const struct pool_future *job);
bool pool__fold_full(const struct pool_future *job);

/* Records that the block with item `last` has ended. The block's accumulator lies at the start
 * of `memory`, which now belongs to the fold. NULL: there is no accumulator. `good`: at least one
 * item of the block has ended well. The fold keeps the memory until the block is the next to merge.
 * It frees the memory at once if the accumulator is of no use: if `good` is false, the job has
 * failed, or the block had ended before. */
void pool__fold_keep(struct pool_future *job, uint64_t last, bool good,
                     struct pool__extent *memory);

/* Results of items that ended well are lost. Makes the job fail with this code, unless it has
 * failed already. */
void pool__fold_spoil(struct pool_future *job, int code);

/* Merges the blocks that have ended, in order, up to the first block that has not. Returns whether
 * a merge has failed; then no further item should be given out. Calls the user's merge function,
 * with the lock held. */
bool pool__fold_merge(struct pool_future *job);

/* Writes the sum to the caller's accumulator unless the job has failed, and frees the fold. All
 * items must have ended. */
void pool__fold_end(struct pool_future *job);

#endif
