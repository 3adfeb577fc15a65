/* procpool/future.h: the calls without the waiting.
 *
 *   pool_future_t *future;
 *   if (pool_map_async(pool, square, POOL_IN(data, 4), POOL_OUT(squares), NULL, &future) < 0)
 *       return;
 *   int failed = pool_future_get(future, -1);
 *   printf("%d items failed\n", failed);
 *   pool_future_free(future);
 *
 * A future stands for a call that goes on while the caller does other things, as Python's
 * AsyncResult does. Workers go on with the items that have been given out. More items are given
 * out, and results arrive in the array of results, only while a thread of the host waits in this
 * library or calls pool_step(), or the pool is on a loop that runs.
 */
#ifndef PROCPOOL_FUTURE_H
#define PROCPOOL_FUTURE_H

#include <stdbool.h>
#include <stddef.h>

#include "procpool/map.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Starting calls ---- */

/* Start a call and return 0 at once; `*future` tells when all items have ended. The arrays belong
 * to the caller and must stay as they are until then. The caller frees the future with
 * pool_future_free().
 * `options` may be NULL. `future` may be NULL: then no future is given. May be called in
 * callbacks. As Python's ..._async. Errors: those of the same call without _async, and -ENOMEM.
 * The call's errors are in pool_future_errors(), not in pool_errors(). */
POOL_API int pool_map_async(pool_t *pool, pool_function_t function, pool_in_t in, pool_out_t out,
                            const pool_map_options_t *options, pool_future_t **future);
POOL_API int pool_starmap_async(pool_t *pool, const pool_callable_t *function, const void *rows,
                                size_t count, void *results, const pool_map_options_t *options,
                                pool_future_t **future);
POOL_API int pool_apply_async(pool_t *pool, pool_function_t function, pool_in_t in, pool_out_t out,
                              const pool_map_options_t *options, pool_future_t **future);
POOL_API int pool_broadcast_async(pool_t *pool, pool_function_t function, pool_in_t in,
                                  pool_out_t out, const pool_map_options_t *options,
                                  pool_future_t **future);

/* ---- One future ----
 * In all calls of this part `milliseconds` bounds the waiting. Negative: no limit but the
 * functions that run. 0: only looks. */

/* Waits until all items have ended and the call's callback has returned. The items go on if the
 * time is up. Returns 0; -ETIMEDOUT; -EINTR after pool_interrupt(), then the items go on too;
 * POOL_EBUSY in a callback; -EINVAL for NULL or a future that was freed. */
POOL_API int pool_future_wait(pool_future_t *future, int milliseconds);

/* Waits in the same way, and returns what pool_map() returns: the number of items that failed, or
 * a negative code. */
POOL_API int pool_future_get(pool_future_t *future, int milliseconds);

/* Return whether all items have ended, and whether they have and none failed. They do not wait,
 * but first do what pool_step() does. false for NULL. */
POOL_API bool pool_future_ready(pool_future_t *future);
POOL_API bool pool_future_successful(pool_future_t *future);

/* Returns the number of errors of the call's items and gives them in `*errors`, sorted by index,
 * as pool_errors() does. Returns 0 until the future is ready; then the list is complete. `*errors`
 * is valid until pool_future_free(). `errors` may be NULL. */
POOL_API size_t pool_future_errors(pool_future_t *future, const pool_error_t **errors);

/* Cancels the items that have not started: they never start. Items that run go on, and see it by
 * pool_task_cancelled(). With `grace` >= 0, workers that still run one after `grace` milliseconds
 * are killed and replaced; with a negative `grace` none is killed. Does not wait. Returns 0;
 * -EALREADY if all items had ended; or -ENOMEM, and then nothing was cancelled. */
POOL_API int pool_future_cancel(pool_future_t *future, int grace);

/* Gives the future back. `future` may be NULL. Its items go on, its callbacks are still called, and
 * its arrays must still stay until all items have ended. The future must not be used afterwards: a
 * call on it returns -EINVAL (or false, or 0), but only while it is one of the last thousand or so
 * that were given back, and until another call gets the same address.
 * Free futures before pool_free(): afterwards any use of one is undefined. */
POOL_API void pool_future_free(pool_future_t *future);

/* ---- Several futures ----
 * A future is ready here when all its items have ended and the call's callback has returned. */

typedef enum pool_wait_mode {
    POOL_WAIT_ALL = 1,    /* until all are ready */
    POOL_WAIT_ANY,        /* until one is ready */
    POOL_WAIT_FIRST_ERROR /* until one is ready with a failed item, or all are ready */
} pool_wait_mode_t;

/* Waits for `count` futures of one pool, at most `milliseconds`; NULLs among them are skipped.
 * Returns how many are ready; -ETIMEDOUT; -EINTR after pool_interrupt(); POOL_EBUSY in a callback;
 * -EINVAL for futures of several pools, a future that was freed, or an unknown `mode`; or -ENOMEM.
 * The cost grows with `count`, not with the calls that end meanwhile. As Python's
 * concurrent.futures.wait(). */
POOL_API int pool_wait(pool_future_t *const *futures, size_t count, pool_wait_mode_t mode,
                       int milliseconds);

/* Waits until one of the futures is ready, at most `milliseconds`. Gives it in `*ready`, sets its
 * place in the array to NULL, and returns its index. Call it again for the next one, with the same
 * `count`: then all calls for an array together cost as much as one look at each place. In between,
 * the program may empty places, and put futures there: those that were submitted since the last
 * call are seen at once, others within a second. Returns -ENOENT when all places are
 * NULL; -ETIMEDOUT; -EINTR, -EINVAL, -ENOMEM and POOL_EBUSY as pool_wait() does. As Python's
 * concurrent.futures.as_completed(). */
POOL_API int pool_as_completed(pool_future_t **futures, size_t count, int milliseconds,
                               pool_future_t **ready);

#ifdef __cplusplus
}
#endif

#ifndef __cplusplus
#define pool_starmap_async(pool, function, rows, count, results, ...)                              \
    (POOL__SAME_ELEMENTS(rows, (function)->args),                                                  \
     POOL__SAME_ELEMENTS(results, (function)->result),                                             \
     pool_starmap_async((pool), &(function)->callable, (rows),                                     \
                        POOL__ROWS(function, rows, count, results), (results), __VA_ARGS__))
#endif
#endif
