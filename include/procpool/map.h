/* procpool/map.h: running a function over many items and waiting for all results.
 *
 *   double squares[4], data[] = {1, 2, 3, 4};
 *   int failed = pool_map(pool, square, POOL_IN(data, 4), POOL_OUT(squares));
 *   if (failed != 0)
 *       pool_print_errors(pool, stderr);
 *
 * The calls of this page wait. future.h has the same calls without the waiting.
 */
#ifndef PROCPOOL_MAP_H
#define PROCPOOL_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "procpool/array.h"
#include "procpool/function.h"
#include "procpool/pool.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A call that goes on while its caller does other things; see future.h. */
typedef struct pool_future pool_future_t;

/* How far a call is. */
typedef struct pool_progress {
    size_t done;   /* items that have ended, well or not */
    size_t failed; /* how many of them failed */
    size_t total;  /* SIZE_MAX: an iterator's source has not come to its end */
    double rate;   /* items done per second since the call was made */
} pool_progress_t;

/* Options of one call. A field that is zero has its default. */
typedef struct pool_map_options {
    /* Items that a worker takes at a time. 0: chosen from how long the items take. Results do not
     * depend on it, except a fold's, where it is the size of a block. */
    size_t chunksize;
    /* Milliseconds that the whole call may take. 0: no limit. When they are up, items that have
     * not ended are POOL_TIMED_OUT, and the workers that run one are killed and replaced.
     * Negative: POOL_EOPTION. */
    int timeout;
    /* When one item fails, the items that have not started are cancelled. */
    bool fail_fast;
    /* What pool_task_seed() is made of, together with the item's key: see `keys`. */
    uint64_t seed;
    /* Items of a call with a higher number are given out before those of other calls, and a worker
     * that becomes free takes one of them before those that other calls have given out already. A
     * worker that runs a long chunk of another call ends the item that it runs, and goes on with
     * the chunk afterwards. Calls of the same priority take turns. A small call beside large ones
     * waits for about one item of theirs. */
    int priority;
    /* How long the workers should find work while no thread is in the library, in milliseconds: so
     * much of the call is given out ahead, as far as `budget` allows. 0: an asynchronous call gives
     * out 64 chunks for each worker, and another call 8. As long as it is not known how long an item
     * takes, these hold all items of an asynchronous call. Later a chunk takes about 100
     * microseconds, so that is 6 milliseconds. For a caller that comes rarely: as long as it stays
     * away. Negative: POOL_EOPTION. */
    int ahead;
    /* Called now and then as items end. May be NULL. */
    void (*progress)(void *context, const pool_progress_t *progress);
    /* Exactly one of these two is called, once, when the last item has ended: `callback` if all
     * went well, `error_callback` if an item or the call failed. Either may be NULL. As Python's
     * options of these names.
     * All three run in a thread of the host that waits in this library or steps the pool, without a
     * lock held; for a pool on a loop see pool_attach(). They may submit calls, cancel them and
     * free futures. They must not wait: calls that would wait return POOL_EBUSY.
     * `future` is the call's own, also if the caller asked for no future; then it is valid in the
     * callback only. pool_future_successful() and pool_future_errors() tell what came out, but for
     * an iterator the errors are in pool_next_error(). pool_future_get() would wait for the
     * callback itself, and returns POOL_EBUSY. */
    void (*callback)(pool_future_t *future, void *context);
    void (*error_callback)(pool_future_t *future, void *context);
    void *context; /* what the three functions get */
    /* Index of the first item. For a part of a job that is run for itself, as after an interruption:
     * pool_task_index() and the indices of errors and of iterators are then those that the items
     * have in the whole job. Arrays and results still begin at their first element. Not for
     * broadcasts, whose indices are worker numbers (POOL_EOPTION). POOL_EOVERFLOW if an index is
     * SIZE_MAX or more. */
    size_t first;
    /* One number for each item, of which pool_task_seed() is made together with `seed`: keys[0] is
     * the first item's. For items that are run once more in another order or without the others:
     * the same seed and key give the same random numbers. NULL: the key of an item is its index.
     * The array stays as it is until the call has ended. Not for broadcasts, nor for items from a
     * source's function `next` (POOL_EOPTION). The pool keeps 8 bytes for each item given out. */
    const uint64_t *keys;
} pool_map_options_t;

/* Runs `function` over all items, on all workers, and puts the results into `out` in the order of
 * the items. As Python's Pool.map(), except that an error does not end it: every item ends for
 * itself, and pool_errors() lists those that failed.
 * Waits until every item has ended. That is bounded by the functions, and never by a dead worker;
 * a function that does not return is ended by the option `timeout` only. Zero items succeed at
 * once.
 *
 * Returns the number of items that failed (at most INT_MAX), 0 if all went well, or a negative
 * code:
 *   POOL_ENOPOOL, POOL_ENOFUNCTION, POOL_ENODATA, POOL_EITEMSIZE, POOL_EOVERFLOW, POOL_EOPTION,
 *   POOL_ETYPE, POOL_EUNKNOWN: the arguments are wrong, and nothing was run;
 *   POOL_ECLOSED, POOL_EBROKEN, POOL_EFORKED, POOL_EBUSY (in a callback): the pool cannot be used,
 *   and nothing was run;
 *   POOL_EBROKEN, POOL_ECLOSED: the pool broke, or was terminated, meanwhile; pool_errors() lists
 *   the items that had not ended as POOL_LOST;
 *   -EINTR: pool_interrupt() was called; pool_errors() lists the items that did not end;
 *   -ENOMEM: the host has no memory for the call, or wild writes of workers have made all of the
 *   shared memory unusable.
 * An item that cannot be packed, or does not fit into the pool's memory, fails alone. */
POOL_API int pool_map(pool_t *pool, pool_function_t function, pool_in_t in, pool_out_t out);

/* Does the same with options, which may be NULL. */
POOL_API int pool_map_with(pool_t *pool, pool_function_t function, pool_in_t in, pool_out_t out,
                           const pool_map_options_t *options);

/* Runs a typed function over `count` rows, each a `struct NAME_args`, and puts what it returns
 * into `results` in the order of the rows. `results` is NULL for a function that returns nothing.
 * As Python's Pool.starmap(); otherwise as pool_map().
 * In C the function is given as &NAME_function of POOL_FUNCTION, and rows or results of another
 * type do not compile. In C++ it is given as a pool_callable_t. */
POOL_API int pool_starmap(pool_t *pool, const pool_callable_t *function, const void *rows,
                          size_t count, void *results);

/* Does the same with options, which may be NULL. */
POOL_API int pool_starmap_with(pool_t *pool, const pool_callable_t *function, const void *rows,
                               size_t count, void *results, const pool_map_options_t *options);

/* Do what pool_map() and pool_map_with() do for a typed function, whose rows are the items.
 * `function` points to a pool_callable_t. In C, pool_map() itself accepts a typed function. */
POOL_API int pool_map_callable(pool_t *pool, const void *function, pool_in_t in, pool_out_t out);
POOL_API int pool_map_callable_with(pool_t *pool, const void *function, pool_in_t in,
                                    pool_out_t out, const pool_map_options_t *options);

/* Runs the function over one item: pool_map() of an array of one, as Python's Pool.apply().
 * POOL_EOPTION if `in` is not one item. For a typed function use pool_starmap() of one row. */
POOL_API int pool_apply(pool_t *pool, pool_function_t function, pool_in_t in, pool_out_t out);

/* Runs the function once on every worker, with the one item of `in`: to load something into the
 * workers, or to ask them something. Worker i puts its result into element i of `out`, and its
 * error has index i. A worker takes this item before any other, as soon as the item it is running
 * has ended. For each worker only one such item can be waiting: it holds up the broadcasts behind
 * it.
 * `out` has room for pool_processes() results. If other threads call pool_resize(), it has
 * room for the largest number of workers there may be.
 * Workers that start later, also as replacements, do not run the function: use an initializer for
 * them. The item of a worker that pool_resize() removes is POOL_CANCELLED. Returns and waits as
 * pool_map(), and returns POOL_EOPTION if `in` is not one item. */
POOL_API int pool_broadcast(pool_t *pool, pool_function_t function, pool_in_t in, pool_out_t out);

/* Interrupts the calls that wait for this pool, in all threads of the host. For a handler of Ctrl-C:
 * it is async-signal-safe, leaves errno alone and does not wait. Returns 0, POOL_ENOPOOL or
 * POOL_EFORKED.
 *   A call that runs items and waits (pool_map(), pool_apply(), pool_fold(), ...) cancels its items
 *   that have not started, waits for those that run, and returns -EINTR. pool_task_cancelled() tells
 *   the items that run. A second interrupt meanwhile kills the workers that still run an item of
 *   the call. pool_errors() lists all items that did not end as POOL_CANCELLED.
 *   A call that waits for futures, results of an iterator or the end of the pool (pool_future_get(),
 *   pool_wait(), pool_next(), pool_join(), ...) returns -EINTR at once. The items go on, nothing is
 *   lost, and the call may be made again.
 *   If no call waits, the next of these calls that would have to wait, or runs items, returns
 *   -EINTR at once. So an interrupt that comes just before a call is not lost. Interrupts do not
 *   add up before a call has answered them.
 * pool_create(), pool_terminate() and pool_free() are not interrupted: their waiting is bounded.
 * pool_step() and loops do not wait, and answer no interrupt. A serial pool is interrupted when the
 * chunk of items that it runs has ended.
 * The pool must live: restore the old handler before pool_free().
 *
 * A program that stops at Ctrl-C, and goes on later with what is left:
 *
 *   static pool_t *pool;
 *   static void on_sigint(int signal) { pool_interrupt(pool); }
 *
 *   const struct sigaction action = {.sa_handler = on_sigint};
 *   for (size_t i = 0; i < count; i++)
 *       results[i] = NAN;                      (or what was saved by the run before)
 *   pool_create(&pool, NULL);
 *   sigaction(SIGINT, &action, NULL);
 *   ... collect the items whose result is NAN in `rest`, and make all of `found` NAN ...
 *   int failed = pool_map(pool, function, POOL_IN(rest, left), POOL_OUT(found));
 *   ... copy `found` to the results of these items ...
 *   if (failed == -EINTR)
 *       save(results);
 *
 * The element of an item that did not end is left as it was, so the mark stays. */
POOL_API int pool_interrupt(pool_t *pool);

#ifdef __cplusplus
}
#endif

#ifndef __cplusplus
/* The calls in C, which check types. Each macro calls the function of its name. */
#define POOL__SAME_ELEMENTS(array, pointer)                                                        \
    ((void)sizeof(struct {                                                                         \
        _Static_assert(__builtin_types_compatible_p(__typeof__(*(array)), __typeof__(*(pointer))), \
                       "rows or results are not of the function's types");                         \
        int unused;                                                                                \
    }))
/* The count, unless the compiler knows that the rows or the results are fewer. */
#define POOL__ROWS(function, rows, count, results)                                                 \
    pool__within(pool__within((count), (function)->callable.args->size, POOL__ROOM(rows)),         \
                 (function)->callable.result_size, POOL__ROOM(results))
#define pool_starmap(pool, function, rows, count, results)                                         \
    (POOL__SAME_ELEMENTS(rows, (function)->args),                                                  \
     POOL__SAME_ELEMENTS(results, (function)->result),                                             \
     pool_starmap((pool), &(function)->callable, (rows),                                           \
                  POOL__ROWS(function, rows, count, results), (results)))
#define pool_starmap_with(pool, function, rows, count, results, ...)                               \
    (POOL__SAME_ELEMENTS(rows, (function)->args),                                                  \
     POOL__SAME_ELEMENTS(results, (function)->result),                                             \
     pool_starmap_with((pool), &(function)->callable, (rows),                                      \
                       POOL__ROWS(function, rows, count, results), (results), __VA_ARGS__))
/* Only a typed function has a member `callable`. A function of another signature than
 * pool_function_t, or another pointer, does not compile. */
struct pool__any {
    pool_callable_t callable;
};
#define POOL__HAS_CALLABLE(function)                                                               \
    ((void)sizeof(_Generic((function), pool_function_t: (struct pool__any *)0,                     \
                           void *: (struct pool__any *)0, default: (function))                     \
                      ->callable))
#define pool_map(pool, function, ...)                                                              \
    (POOL__HAS_CALLABLE(function),                                                                 \
     _Generic((function), pool_function_t: pool_map, void *: pool_map,                             \
              default: pool_map_callable)((pool), (function), __VA_ARGS__))
#define pool_map_with(pool, function, ...)                                                         \
    (POOL__HAS_CALLABLE(function),                                                                 \
     _Generic((function), pool_function_t: pool_map_with, void *: pool_map_with,                   \
              default: pool_map_callable_with)((pool), (function), __VA_ARGS__))
#endif
#endif
