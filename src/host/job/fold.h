/* The sink of a fold: the items make blocks, and the accumulators of the blocks are merged in their order,
 * whatever the order in which the blocks end. With the lock held. */
#ifndef POOL_HOST_JOB_FOLD_H
#define POOL_HOST_JOB_FOLD_H

#include <stdbool.h>
#include <stdint.h>

#include "host/base/arena.h"
#include "procpool.h"

/* Makes the job a fold. Returns 0 or -ENOMEM. */
int pool__fold_start(struct pool_future *job, pool_merge_t merge);

/* How many items a block has. */
uint64_t pool__fold_block(const struct pool_future *job);

/* How many blocks have been given out and are not merged yet; whether no more should be for now. */
uint64_t pool__fold_ahead(const struct pool_future *job);
bool pool__fold_full(const struct pool_future *job);

/* The block with item `last` has ended. `memory` holds its accumulator and is kept until the block is the
 * next to be merged; it is freed at once if the accumulator is of no use, as when none of the items has
 * ended well (`good`). NULL: there is no accumulator. */
void pool__fold_keep(struct pool_future *job, uint64_t last, bool good,
                     struct pool__extent *memory);

/* What good items have made is lost: the job ends with this code, unless it has failed already. */
void pool__fold_spoil(struct pool_future *job, int code);

/* Merges the blocks that are next. True: a merge has failed, so no more items should be given out. */
bool pool__fold_merge(struct pool_future *job);

/* All items have ended: writes the sum to the caller's accumulator, and frees the fold. */
void pool__fold_end(struct pool_future *job);

#endif
