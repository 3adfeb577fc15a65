/* procpool/fold.h: reducing many items to one value.
 *
 *   static int add(const void *item, void *sum, pool_task_t *task)
 *   {
 *       (void)task;
 *       *(double *)sum += *(const double *)item;
 *       return 0;
 *   }
 *   static int merge(void *into, const void *from)
 *   {
 *       *(double *)into += *(const double *)from;
 *       return 0;
 *   }
 *
 *   double sum = 0;
 *   pool_fold(pool, add, merge, POOL_IN(data, 4), POOL_OUT(&sum), NULL);
 *
 * This is a page of its own because a fold has a second function and rules that no other call has.
 */
#ifndef PROCPOOL_FOLD_H
#define PROCPOOL_FOLD_H

#include "procpool/map.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Adds the accumulator at `from` to the accumulator at `into`, which holds earlier items.
 * Runs in the host, in any thread that is in this library (also for a pool on a loop), one call at
 * a time, and the pool waits for it. It must not call the library. Its crash is the host's.
 * Returns 0, or a code that ends the fold; see pool_fold(). */
typedef int (*pool_merge_t)(void *into, const void *from);

/* Reduces items to one value, as Python's functools.reduce() does, but in parallel. The order of
 * the additions is always the same, so a sum of floating-point numbers is the same to the last bit
 * for any number of workers, and also if workers die.
 *
 * `function` gets the accumulator so far as its `result`, and adds the item to it. `accumulator`
 * is one element of plain data, of any size; it is copied once for each item. It may lie in a
 * shared array, and is copied all the same.
 *
 * The items are cut into blocks of `options->chunksize` items. If that is 0, a block is a 1024th
 * of all items, rounded up. Each block starts with a copy of `accumulator` as it is when the call
 * is made, and adds its items in their order. Then the accumulators of the blocks are merged in
 * order: the second into the first, the third into that, and so on. What comes out is written to
 * `accumulator` at the end. So the starting value counts once per block: it must be one that
 * changes nothing, such as zeros for a sum.
 *
 * The result contains exactly the items that did not fail: an item that fails or crashes leaves
 * the accumulator as it was before. A block in which every item failed is left out. If all blocks
 * are left out, or there are no items, `accumulator` stays as it is.
 *
 * Returns and waits as pool_map(). If items failed, were cancelled or were out of time, the result
 * is that of the others. If the fold returns a negative code, `accumulator` is unchanged. The
 * codes are those of pool_map(), and:
 *   POOL_ENOFUNCTION also for `merge`; POOL_ENODATA, POOL_EITEMSIZE, POOL_EOVERFLOW and POOL_ETYPE
 *   also for `accumulator`;
 *   what `merge` returned (a positive number as its negative): items that had not started are then
 *   cancelled;
 *   -ENOMEM: there is no room for the accumulator;
 *   -EBADMSG: a wild write of a worker destroyed an accumulator: items that had ended are lost. */
POOL_API int pool_fold(pool_t *pool, pool_function_t function, pool_merge_t merge, pool_in_t in,
                       pool_out_t accumulator, const pool_map_options_t *options);

/* Starts a fold and returns at once, as the calls of future.h do. `accumulator` stays as it is
 * until the end. */
POOL_API int pool_fold_async(pool_t *pool, pool_function_t function, pool_merge_t merge,
                             pool_in_t in, pool_out_t accumulator,
                             const pool_map_options_t *options, pool_future_t **future);

#ifdef __cplusplus
}
#endif
#endif
