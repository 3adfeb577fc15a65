/* procpool/iterator.h: results one by one, from items that come one by one.
 *
 *   const pool_source_t source = {.in = POOL_IN(data, 4)};
 *   pool_iterator_t *iterator;
 *   double result;
 *   if (pool_imap(pool, square, &source, POOL_RESULT(double), NULL, &iterator) < 0)
 *       return;
 *   while (pool_next(iterator, &result, -1) == 1)
 *       printf("%g\n", result);
 *   pool_iterator_free(iterator);
 *
 * Iterators are for more items than fit into memory, for endless sources, and for results that are
 * wanted as soon as they are there.
 */
#ifndef PROCPOOL_ITERATOR_H
#define PROCPOOL_ITERATOR_H

#include <stddef.h>

#include "procpool/map.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Where items come from one by one: an array, or a function. */
typedef struct pool_source {
    /* The array. If there is a function `next`, only the size and the type are used:
     * POOL_IN((double *)0, 0). */
    pool_in_t in;
    /* Stores the next item at `item`, which is zeroed, and returns 1. Returns 0 at the end, or an
     * error of its own (negative), which also ends the items. What the item points to belongs to
     * the source and stays valid until the next call of `next`.
     * Called in threads of the host that are in this library, one at a time. It must not call the
     * library. NULL: the items are those of the array. */
    int (*next)(void *context, void *item);
    void *context;
} pool_source_t;

/* The size and type of results: POOL_RESULT(double), POOL_RESULT(char *). A pointer that is not a
 * text does not compile. For a struct with a table: pool_out(NULL, sizeof(struct page),
 * &page_type). */
#ifndef __cplusplus
#define POOL_RESULT(c_type)                                                                        \
    pool_out(NULL,                                                                                 \
             POOL__SIZE_IF_KNOWN((c_type *)0, "these results are pointers, which mean nothing "    \
                                              "here: name their type by pool_out()"),              \
             POOL_TYPE_OF((c_type *)0))
#endif

/* A call whose results are taken by pool_next(), in any thread of the host. Several threads may
 * call pool_next() at once, but then pool_next_index() and pool_next_error() must not be used. */
typedef struct pool_iterator pool_iterator_t;

/* Run `function` over items as they come: pool_imap() gives the results in the order of the items,
 * pool_imap_unordered() as they end. As Python's Pool.imap() and imap_unordered(), but lazy: a
 * source may be endless. At most a few thousand items, and results of the pool's option `budget`,
 * are ahead of those that have been taken.
 * A typed function is given as `NAME_function.callable.call`, with its rows as items:
 * POOL_IN_AS(rows, count, &NAME_args_type).
 * `source` is copied. Its array must stay as it is until the iterator is freed; a shared array must
 * stay until the items that run then have ended too. `options` may be NULL. The two calls do not
 * wait. The caller ends the iterator with pool_iterator_free(). Errors: those of pool_map(),
 * -ENOMEM, and POOL_EOPTION if `source` or `iterator` is NULL or `result` has an array. */
POOL_API int pool_imap(pool_t *pool, pool_function_t function, const pool_source_t *source,
                       pool_out_t result, const pool_map_options_t *options,
                       pool_iterator_t **iterator);
POOL_API int pool_imap_unordered(pool_t *pool, pool_function_t function,
                                 const pool_source_t *source, pool_out_t result,
                                 const pool_map_options_t *options, pool_iterator_t **iterator);

/* Waits for the next result, at most `milliseconds` (negative: no limit), and stores it at
 * `result`, which may be NULL if there are no results (POOL_NONE). What the result points to
 * belongs to the caller: pool_release() frees it. Returns
 *   1: there is a result;
 *   0: the end;
 *   POOL_EITEM: this item failed; the next call continues after it;
 *   -ETIMEDOUT: there is no result yet; nothing is skipped;
 *   -EINTR: there is no result yet, and pool_interrupt() was called; nothing is skipped;
 *   -ETIME: the time of the whole call (its option `timeout`) is up;
 *   -ECANCELED: after a failure with the option `fail_fast`;
 *   POOL_EBUSY: in a callback, and there is no result now;
 *   the source's error, after all items before it have been given;
 *   POOL_EBROKEN or POOL_ECLOSED: the pool broke or was terminated;
 *   POOL_ENODATA: `result` is NULL, and there are results.
 *
 * To use an iterator without waiting, as on a loop, take results in the callbacks: the options
 * `progress`, `callback` and `error_callback` of the iterator are called as items end, and after
 * the last. Each takes what is there, by pool_next() with 0 milliseconds while that returns 1 or
 * POOL_EITEM. Results that are not taken hold up the items behind them, and so the end of the
 * call. */
POOL_API int pool_next(pool_iterator_t *iterator, void *result, int milliseconds);

/* Returns the index of the item that the last pool_next() was about. */
POOL_API size_t pool_next_index(const pool_iterator_t *iterator);

/* Returns the error of that item; NULL if it did not fail. Valid until the next pool_next(). */
POOL_API const pool_error_t *pool_next_error(const pool_iterator_t *iterator);

/* Ends the iteration. Items that have not started never start, and results that were not taken are
 * released. Items that run go on, and the call's callback is still called when they have ended; it
 * must not use the iterator then. Does not wait. `iterator` may be NULL. Free iterators before
 * pool_free(): afterwards any use of one is undefined. */
POOL_API void pool_iterator_free(pool_iterator_t *iterator);

#ifdef __cplusplus
}
#endif
#endif
