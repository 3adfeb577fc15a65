/* The sink of a fold. The items are cut into blocks, and each block has an accumulator. A block is
 * a chain of chunks: at most one chunk of a block is outstanding at a time. Each chunk begins with
 * the accumulator with which the chunk before it has ended. The accumulators of the blocks are
 * merged into the sum in the order of the blocks, in whatever order the blocks end. With the lock
 * held. */
#ifndef POOL_HOST_JOB_FOLD_H
#define POOL_HOST_JOB_FOLD_H

#include <stdbool.h>
#include <stdint.h>

#include "procpool.h"

/* Makes the job a fold. Returns 0 or -ENOMEM. */
int pool__fold_start(struct pool_future *job, pool_merge_t merge);

/* How many blocks have begun and have not been merged yet. */
uint64_t pool__fold_ahead(const struct pool_future *job);

/* Whether one more block may begin: not all have begun, and not too many wait to be merged. */
bool pool__fold_may_begin(const struct pool_future *job);

/* ---- The next chunk ---- */

/* Whether the next chunk goes on with a block that has begun. Such a chunk is always wanted, since
 * the blocks behind that block wait for it. */
bool pool__fold_goes_on(const struct pool_future *job);

/* The first item of the next chunk, and how many items are left of its block. Blocks that have
 * begun come before new blocks. A block that has begun must go on, or one must be left to begin. */
uint64_t pool__fold_next(const struct pool_future *job);
uint64_t pool__fold_left(const struct pool_future *job);

/* Returns the accumulator with which the chunk begins whose first item is `first`. */
const void *pool__fold_carry(const struct pool_future *job, uint64_t first);

/* Records that the next chunk, with so many items, is outstanding. */
void pool__fold_given(struct pool_future *job, uint64_t count);

/* Records that the next item ends without a chunk. Returns its index. */
uint64_t pool__fold_skip(struct pool_future *job);

/* Takes a run of items, `*from` to `*to` - 1, that have not been given out: they end without a
 * chunk. Not all items may have been given out. Until all have been, call this again. */
void pool__fold_take_rest(struct pool_future *job, uint64_t *from, uint64_t *to);

/* ---- What comes back ---- */

/* Records that the chunk to which this item belongs has ended, with all its items. `good`: at least
 * one of them has ended well, and `accumulator` has it, which the fold copies. If `accumulator` is
 * NULL then, it is lost, and the job fails with -EBADMSG. If there is no memory for the copy, the
 * job fails with -ENOMEM. If not `good`, the block's accumulator stays as it was. */
void pool__fold_carried(struct pool_future *job, uint64_t item, const void *accumulator, bool good);

/* Merges the blocks that have ended, in order, up to the first block that has not. Returns whether
 * a merge has failed; then no further item should be given out. Calls the user's merge function,
 * with the lock held. */
bool pool__fold_merge(struct pool_future *job);

/* Writes the sum to the caller's accumulator unless the job has failed, and frees the fold. All
 * items must have ended. */
void pool__fold_end(struct pool_future *job);

#endif
