/* procpool: a pool of worker processes for C.
 *
 * What Python's multiprocessing.Pool is for Python: run a function over many items on all
 * cores, in forked processes that may crash, leak, exit or be killed without hurting the
 * program that started them. This header is the manual.
 *
 * Conventions
 *   Functions returning `int` return 0 (or a count) on success and a negative POOL_E... code, or
 *   a negated errno value such as -ENOMEM, on failure; pool_strerror() explains both. Out-parameters
 *   are written on success only. Option structs: a zeroed field means its default.
 *   "Host" is the process that called pool_create(); "worker" is one of the pool's processes.
 *   Any thread of the host may use a pool, also several at once; pool_free() is for the last. In another
 *   process, say a worker, every call says POOL_EFORKED and changes nothing; pool_processes() and
 *   pool_errors() tell what they know. Functions named pool_task_... and pool_fail() are for the
 *   functions that run in workers.
 *   Workers are images of the host at the moment of pool_create(): globals, open files and
 *   loaded libraries are as they were then, also in a worker that replaces a dead one. What
 *   changes afterwards travels in items and results.
 */
#ifndef PROCPOOL_H
#define PROCPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "procpool/function.h"
#include "procpool/type.h"

#ifdef __cplusplus
extern "C" {
#endif

#define POOL_VERSION_MAJOR 0
#define POOL_VERSION_MINOR 1
#define POOL_VERSION_PATCH 0

#define POOL_PRINTF(text, first) __attribute__((__format__(__printf__, text, first)))

/* ---- Codes ------------------------------------------------------------------------------ */

/* The library's own codes: name, value, and the sentence pool_strerror() gives. */
#define POOL_ERROR_MAP(XX)                                                                         \
    XX(POOL_ENOPOOL, -5001, "the pool is NULL")                                                    \
    XX(POOL_ENOFUNCTION, -5002, "the function is NULL")                                            \
    XX(POOL_ENODATA, -5003, "there are items, but the array of items or of results is NULL")      \
    XX(POOL_EITEMSIZE, -5004, "the size of an item is 0: was it passed through a void pointer?")   \
    XX(POOL_EOVERFLOW, -5005, "the number of items times their size does not fit into memory")    \
    XX(POOL_EPROCESSES, -5006, "the number of processes is negative or absurdly large")            \
    XX(POOL_EOPTION, -5007, "an option is out of its range")                                       \
    XX(POOL_ECLOSED, -5008, "the pool is closed: it takes no more work")                           \
    XX(POOL_EUNKNOWN, -5009,                                                                       \
       "the workers do not have this function: its library was loaded after the pool was made")    \
    XX(POOL_EFORKED, -5010,                                                                        \
       "the pool belongs to another process: this one is a copy forked from its host")             \
    XX(POOL_EINIT, -5011, "the initializer failed in a worker")                                    \
    XX(POOL_EBROKEN, -5012, "the pool lost its supervisor, or cannot keep any worker alive")       \
    XX(POOL_ETYPE, -5014,                                                                          \
       "a type makes no sense, is not a static object, or does not fit the function")              \
    XX(POOL_EITEM, -5015, "this item failed: pool_next_error() tells how")                         \
    XX(POOL_EBUSY, -5013, "the pool is still open, or this is a callback, which must not wait")

enum pool_code {
#define POOL_CODE(name, value, text) name = value,
    POOL_ERROR_MAP(POOL_CODE)
#undef POOL_CODE
};

/* Explains `code`, of this library or a negated errno value, in a sentence. Never NULL; the text
 * is constant. May be called from anywhere. */
POOL_API const char *pool_strerror(int code);

/* The code's name, "POOL_ECLOSED" or "ENOMEM"; "unknown" when it has none. Constant text. */
POOL_API const char *pool_error_name(int code);

/* ---- Functions that run in workers --------------------------------------------------------- */

/* The item a function is working on; valid until the function returns. */
typedef struct pool_task pool_task_t;

/* A function that turns one item into one result, in a worker.
 *
 * `item` points to the item, as an element of the caller's array: a `const double *` for an array
 * of double, a `const char *const *` for an array of texts, a `const pool_bytes_t *` for blobs; NULL
 * for items of POOL_RANGE().
 * It is read-only: writing to it is a crash. `result` points to zeroed memory for one element of
 * the result array (to the element itself when that array is from pool_shared_alloc()); NULL when
 * the call takes no results. Both are aligned as an element of an array from malloc() would be.
 *
 * Returns 0 when `result` is good; anything else fails this item: return pool_fail(...) to say
 * why. Crashing, exiting or being killed fails this item too, and no other. */
typedef int (*pool_function_t)(const void *item, void *result, pool_task_t *task);

/* Runs once in each worker before its first item, replacements included. `initargs` is the
 * pointer given in the options, in the worker's copy of the host's memory. Whatever it stores
 * in `*state` is what pool_task_state() returns later. Returns 0, or anything else to say that the
 * worker cannot work: return pool_fail(...) to say why. */
typedef int (*pool_initializer_t)(void *initargs, void **state, pool_task_t *task);

/* Runs once in each worker that leaves in peace, after its last item. Not in one that crashed,
 * exited or was terminated. */
typedef void (*pool_finalizer_t)(void *state);

/* Records why this item (or initializer) fails: a code of the caller's own, mostly an errno
 * value, and a printf message of at most POOL_MESSAGE_MAX bytes, of which a longer one keeps the
 * first ones and ends in "...". File and line are those of the call. The last record counts.
 * Returns `code`, or -1 if `code` is 0, so that it can be returned. */
#define pool_fail(task, ...) pool_fail_at((task), __FILE__, __LINE__, __VA_ARGS__)
#define POOL_MESSAGE_MAX 1023
POOL_API int pool_fail_at(pool_task_t *task, const char *file, int line, int code,
                          const char *format, ...) POOL_PRINTF(5, 6);

/* The item's index in the caller's array. In an initializer: 0. */
POOL_API size_t pool_task_index(const pool_task_t *task);

/* How often the item was started, this time included: 1, as nothing is run again unasked. */
POOL_API unsigned pool_task_attempt(const pool_task_t *task);

/* The worker's number, from 0 to processes - 1; a replacement takes over the number. */
POOL_API int pool_task_worker(const pool_task_t *task);

/* What the initializer stored in this worker; NULL without one. */
POOL_API void *pool_task_state(const pool_task_t *task);

/* A seed for this item's random numbers: a function of the call's seed and the item's index alone, so
 * results do not depend on which worker runs it, or how often. In an initializer: of the worker's
 * number. */
POOL_API uint64_t pool_task_seed(const pool_task_t *task);

/* Whether the call this item belongs to has been cancelled: what is not done yet is not wanted any
 * more. Cheap enough to ask often; the item still ends as its function returns. */
POOL_API bool pool_task_cancelled(const pool_task_t *task);

/* `size` zeroed bytes, aligned to 16, that live until this item's result has been sent: for what a
 * result points to, without a leak when the item fails or crashes. NULL when there is no memory. */
POOL_API void *pool_task_alloc(pool_task_t *task, size_t size);

/* ---- Making and ending pools ----------------------------------------------------------------- */

typedef struct pool pool_t;

#define POOL_PROCESSES_MAX 4000

typedef struct pool_options {
    /* Workers; 0: pool_cpu_count(). */
    int processes;
    pool_initializer_t initializer;
    void *initargs;
    pool_finalizer_t finalizer;
    /* How long pool_create() waits for all initializers, and how long one may take in a replacement
     * before it is killed, in milliseconds; 0: 60 000. */
    int start_timeout;
    /* How long workers that are told to leave are waited for before they are killed, in
     * milliseconds: finalizers in pool_close() + pool_free(), signal handlers of the tasks in
     * pool_terminate(); 0: 1000. */
    int grace;
    /* Items after which a worker leaves, finalizer included, and is replaced: against leaks and
     * fragmentation. 0: never. Its successor is started before it leaves, so that nobody waits. */
    size_t maxtasksperchild;
    /* Bytes of memory after which it does so: what the worker itself has resident at the moment, not
     * the most it ever had; with its copies of the host's pages, without what it shares (this library's
     * memory, mapped files). Looked at between items, at most once a millisecond. Each worker runs
     * one item at least. 0: never. */
    size_t maxmemoryperchild;
    /* Milliseconds without work after which a worker leaves, finalizer included; it comes back,
     * initializer included, when there is work. 0: never. */
    int idle_timeout;
    /* Each worker runs on one processor of those the host may use, by turns. */
    bool pinned;
    /* From 0 to 19, added to the host's: what else runs on the machine comes first. */
    int niceness;
    /* Bytes that items given out, and results not taken yet, may occupy: in shared memory, and once
     * more for the results an iterator holds. A chunk per worker and call is always given out, so
     * large chunks may need more; automatic ones are made to fit. Results of unknown size count as
     * they come. 0: 32 MiB. */
    size_t budget;
    /* No process is made: see Serial pools. */
    bool serial;
    /* How many processes all pools that this pool's tasks make, and their tasks in turn, may have
     * together, supervisors included: see Pools within pools. 0: 8 for each worker; negative: none. */
    int nested_processes;
} pool_options_t;

/* Serial pools: with `serial`, or with PROCPOOL_SERIAL=1 in the environment (not in set-user-ID
 * programs), a pool has no process. The same functions run in the host itself, for debuggers: one at
 * a time, in the threads that wait for the pool; pool_step(), pool_future_ready() and what else only
 * looks runs a chunk of items each. Results and errors are those of a pool of one worker, with these
 * differences:
 *   A crash, exit() or a stray write in a function is the host's. So are its globals, descriptors and
 *   signals, and what it leaks.
 *   Nothing that runs can be stopped: cancelling, time limits and pool_terminate() end what has not
 *   started, and pool_task_cancelled() says so; they are looked at between chunks, and pool_terminate()
 *   waits for the function that runs. Options about processes, their time and memory have no meaning.
 *   pool_processes() is 1, whatever pool_resize() is told, and the worker's pid is the host's.
 *   The finalizer runs in the call that finds the closed pool without work.
 * As in a worker, the calls on the pool itself, and on others made outside of its functions, say
 * POOL_EFORKED in functions it runs, and pool_free() does nothing.
 *
 * Pools within pools: a function may make pools of its own. Each worker has an equal share of its
 * pool's `nested_processes`, and each pool made there takes from it, until it is freed: its workers and
 * its supervisor, and then its own `nested_processes`, as far as the share goes. When the share is
 * short it has fewer workers; when there are not even two processes, and in workers of workers of ...
 * POOL_DEPTH_MAX deep, it is serial: its items run in the function itself, with the same results.
 * Workers that pool_resize() adds are taken from the share, too, and have none for pools of theirs. So
 * a pool and all within it never have more processes than its workers, 1, and its `nested_processes`;
 * with a limit of items or memory per worker each counts twice, since successors start early. */
#define POOL_DEPTH_MAX 4

/* The number of processors this process may use: the smaller of its affinity and its cgroup's CPU
 * quota (v1 or v2) rounded up, at least 1. The environment variable PROCPOOL_PROCESSES, a number
 * from 1 to POOL_PROCESSES_MAX, overrides it (not in set-user-ID programs; other values are
 * ignored). */
POOL_API int pool_cpu_count(void);

/* Makes a pool and starts its workers. `options` may be NULL.
 *
 * Call it early: it forks, and a fork costs what the host has touched. All or nothing: on failure
 * no process, descriptor or mapping is left. Threads of the host do not exist in the workers, and
 * a lock held by one at that moment stays locked there, as after any fork(). The host must not
 * expect end-of-file from pipes whose other end it held open in this call before the pool is
 * freed: workers hold copies.
 * Waits for the initializers in all workers, bounded by `start_timeout`.
 * Errors: POOL_EPROCESSES, POOL_EOPTION; POOL_EINIT when an initializer failed or crashed (`*pool`
 * is not written; pool_create_error() tells why); -ETIMEDOUT; -EAGAIN, -ENOMEM, -EMFILE and
 * -ENFILE as fork(), mmap() and pipe() gave them. */
POOL_API int pool_create(pool_t **pool, const pool_options_t *options);

/* What the initializer said in this thread's last pool_create() that returned POOL_EINIT: its
 * message with file and line, or how the worker died. "" otherwise. Valid until the thread's
 * next pool_create(). */
POOL_API const char *pool_create_error(void);

/* The number of workers there should be: 1 in a serial pool, maybe fewer than asked for in a nested one. */
POOL_API int pool_processes(const pool_t *pool);

/* Writes the process ids of at most `count` workers to `pids`, by worker number; 0 for one that is
 * being replaced, or away for want of work. Returns the number of workers, or a negative code. For
 * looking, and for tests that kill: a pid is only sure to be a worker's while nothing kills workers. */
POOL_API int pool_pids(pool_t *pool, pid_t *pids, int count);

/* How many workers were started in the place of others, which died or left, since the pool was made. */
POOL_API size_t pool_replaced(pool_t *pool);

/* Changes the number of workers, from 1 to POOL_PROCESSES_MAX. Does not wait: new ones start while
 * others work, those that are too many (the highest numbers) leave after the items they are running,
 * finalizers included. A nested pool may get fewer, a serial one has 1: pool_processes() tells. Errors:
 * POOL_EPROCESSES, POOL_ECLOSED, POOL_EBROKEN, POOL_EFORKED, -ENOMEM. */
POOL_API int pool_resize(pool_t *pool, int processes);

/* Stops admitting work: later calls get POOL_ECLOSED. Workers finish what was accepted, run their
 * finalizers and leave. Returns at once; a second close is 0 too. */
POOL_API int pool_close(pool_t *pool);

/* Waits until a closed or terminated pool is quiet: all accepted work ended, all workers gone.
 * Bounded by the functions still running, then by `grace`. POOL_EBUSY when the pool is still
 * open, or in a callback. */
POOL_API int pool_join(pool_t *pool);

/* Stops now: SIGTERM to all workers and their process groups, SIGKILL after `grace`. Items that
 * did not end count as lost. Returns when all are gone, bounded by `grace`. */
POOL_API int pool_terminate(pool_t *pool);

/* Ends the pool and releases everything; NULL is allowed. A pool not closed is closed first: idle
 * workers get at most `grace` to run their finalizers; if calls have not ended, it is terminated. Its
 * shared arrays, and the lists pool_errors() gave, end with it; free its futures before. It leaves its
 * loop, if it is on one. Not from a callback (nothing happens), nor while another thread uses the pool. In
 * a forked copy of the host it releases the copy and leaves the pool alone. */
POOL_API void pool_free(pool_t *pool);

/* ---- Items and results --------------------------------------------------------------------- */

/* An array of items: `count` elements of `size` bytes at `data`. The caller keeps it unchanged
 * until the call it was given to has ended. */
typedef struct {
    const void *data;
    size_t count;
    size_t size;
    const pool_type_t *type;
} pool_in_t;

/* An array for results, of as many elements as there are items; the memory is the caller's. What
 * the elements point to is allocated for the caller, who frees it by pool_release(type, data, count).
 * Elements of items that failed: plain data is left as it was, others are zeroed, so that
 * pool_release() may always be called for the whole array. */
typedef struct {
    void *data;
    size_t size;
    const pool_type_t *type;
} pool_out_t;

static inline pool_in_t pool_in(const void *data, size_t count, size_t size, const pool_type_t *type)
{
    pool_in_t in;
    in.data = data;
    in.count = count;
    in.size = size;
    in.type = type;
    return in;
}

static inline pool_out_t pool_out(void *data, size_t size, const pool_type_t *type)
{
    pool_out_t out;
    out.data = data;
    out.size = size;
    out.type = type;
    return out;
}

/* `count` items without data: functions get NULL as the item, and go by pool_task_index(). For all calls
 * but those of functions with several arguments, and as the array of an iterator. */
#define POOL_RANGE(count) pool_in(NULL, (count), 0, NULL)

/* No results: the function is run for what it does. */
#define POOL_NONE pool_out(NULL, 0, NULL)

#ifndef __cplusplus
/* The type of the elements of `array`, known to the compiler. An array of structs is plain data,
 * since a pointer means nothing in another process: name the type of a struct with a table. */
#define POOL_TYPE_OF(array)                                                                        \
    _Generic((array),                                                                              \
        char **: &pool_type_text,                                                                  \
        char *const *: &pool_type_text,                                                            \
        const char **: &pool_type_const_text,                                                      \
        const char *const *: &pool_type_const_text,                                                \
        pool_bytes_t *: &pool_type_bytes,                                                          \
        const pool_bytes_t *: &pool_type_bytes,                                                    \
        default: &pool_type_plain)

/* The size of one element of `array`; 0, which no call accepts, for a pointer to void. */
#define POOL_SIZE_OF(array)                                                                        \
    _Generic((array), void *: 0, const void *: 0, default: sizeof((array)[0]))

/* The first `count` elements of `array` as items; the results' array. */
#define POOL_IN(array, count) pool_in((array), (count), POOL_SIZE_OF(array), POOL_TYPE_OF(array))
#define POOL_OUT(array) pool_out((array), POOL_SIZE_OF(array), POOL_TYPE_OF(array))

/* The same with the type named: POOL_IN_AS(pages, 10, &page_type). */
#define POOL_IN_AS(array, count, type) pool_in((array), (count), POOL_SIZE_OF(array), (type))
#define POOL_OUT_AS(array, type) pool_out((array), POOL_SIZE_OF(array), (type))
#endif

/* Memory that the host and the workers share: arrays in it are not copied when they are given to
 * POOL_IN or POOL_OUT of this pool. `count` elements of `size` bytes, zeroed, aligned to 64 bytes.
 * A result array from here may be the array of items itself. A crashed or failed item may leave
 * its element half written, and a function can write past its element.
 * NULL when there is no room or a size is 0. Release with pool_shared_free() while no call uses it;
 * NULL is allowed. */
POOL_API void *pool_shared_alloc(pool_t *pool, size_t count, size_t size);
POOL_API void pool_shared_free(pool_t *pool, void *memory);

/* ---- Map ------------------------------------------------------------------------------------- */

/* A call that goes on by itself: see Futures. */
typedef struct pool_future pool_future_t;

/* How far a call is. */
typedef struct pool_progress {
    size_t done;   /* items that have ended, well or not */
    size_t failed; /* of these */
    size_t total;  /* SIZE_MAX: the source has not come to its end */
    double rate;   /* items done for each second since the call was made */
} pool_progress_t;

typedef struct pool_map_options {
    /* Items a worker takes at a time; 0: chosen from how long the items take. Results do not depend
     * on it, but for a fold's: there it is the size of a block. */
    size_t chunksize;
    /* Milliseconds the whole call may take; 0: no limit. Then items that have not ended are timed
     * out, and workers that run one are killed and replaced. */
    int timeout;
    /* When an item fails, items that have not started are cancelled. */
    bool fail_fast;
    /* What pool_task_seed() is made of, beside the item's index. */
    uint64_t seed;
    /* Items of a call with a higher number are given out before those of others. */
    int priority;
    /* Called now and then as items end. */
    void (*progress)(void *context, const pool_progress_t *progress);
    /* Exactly one of these is called once, when the last item has ended: `callback` if none failed,
     * else `error_callback`. All three are called from a thread that waits in this library, without
     * a lock held; of a pool on a loop: see pool_attach(). They may submit, cancel and free, and not
     * wait: POOL_EBUSY. */
    void (*callback)(pool_future_t *future, void *context);
    void (*error_callback)(pool_future_t *future, void *context);
    void *context;
} pool_map_options_t;

/* Runs `function` over all items on all workers and puts the results into `out` in the order of
 * the items. As Python's Pool.map(), but errors do not end it: each item ends on its own, and
 * pool_errors() lists those that failed.
 *
 * Returns the number of items that failed (at most INT_MAX), 0 when all went well, or a negative
 * code when it could not run or not finish:
 *   POOL_ENOPOOL, POOL_ENOFUNCTION, POOL_ENODATA, POOL_EITEMSIZE, POOL_EOVERFLOW, POOL_EOPTION,
 *   POOL_ETYPE, POOL_ECLOSED, POOL_EUNKNOWN, POOL_EFORKED: bad input, nothing was run;
 *   POOL_EBROKEN, POOL_ECLOSED: the pool broke, or was terminated meanwhile; items that did not end by
 *   then are listed as lost.
 * An item that cannot be packed, or does not fit into the pool's memory, fails alone.
 * Zero items succeed at once. Waits until every item has ended: bounded by the functions, never by
 * a dead worker. */
POOL_API int pool_map(pool_t *pool, pool_function_t function, pool_in_t in, pool_out_t out);

/* pool_map() with options; NULL: defaults. */
POOL_API int pool_map_with(pool_t *pool, pool_function_t function, pool_in_t in, pool_out_t out,
                           const pool_map_options_t *options);

/* Runs a function of several arguments over `count` rows, each a `struct NAME_args`, and puts what it
 * returns into `results` in the order of the rows (NULL when it returns nothing). As Python's
 * Pool.starmap(); otherwise as pool_map(). In C, &score_function of POOL_FUNCTION is given, and rows
 * or results of another type do not compile; elsewhere, its member `callable`. */
POOL_API int pool_starmap(pool_t *pool, const pool_callable_t *function, const void *rows,
                          size_t count, void *results);
POOL_API int pool_starmap_with(pool_t *pool, const pool_callable_t *function, const void *rows,
                               size_t count, void *results, const pool_map_options_t *options);

/* pool_map() for such a function: items are its rows. In C, pool_map() itself takes it. */
POOL_API int pool_map_callable(pool_t *pool, const void *function, pool_in_t in, pool_out_t out);
POOL_API int pool_map_callable_with(pool_t *pool, const void *function, pool_in_t in,
                                    pool_out_t out, const pool_map_options_t *options);

/* ---- Fold ------------------------------------------------------------------------------------ */

/* Adds the accumulator at `from` to the one at `into`, which holds earlier items. Runs in the host, in
 * any thread that is in this library (also of a pool on a loop), one call at a time, and the pool waits
 * for it; it must not call the library, and what it does wrong is not caught. Returns 0, or a code that
 * ends the call: see pool_fold(). */
typedef int (*pool_merge_t)(void *into, const void *from);

/* Reduces items to one value, as Python's functools.reduce(), in parallel and yet always in the same
 * order: sums of floating-point numbers are the same to the last bit however many workers there are,
 * and whatever happens to them.
 *
 *   static int add(const void *item, void *sum, pool_task_t *task)
 *   {
 *       *(double *)sum += *(const double *)item;
 *       return 0;
 *   }
 *   static int merge(void *into, const void *from)
 *   {
 *       *(double *)into += *(const double *)from;
 *       return 0;
 *   }
 *   double sum = 0;
 *   pool_fold(pool, add, merge, POOL_IN(numbers, count), POOL_OUT(&sum), NULL);
 *
 * `function` has the accumulator so far as its `result`, and adds the item to it. `accumulator` is a
 * single element of plain data of any size, which is copied once for each item. The items are cut into
 * blocks: runs of options->chunksize items, or, if that is 0, of a 1024th of all, rounded up. Each
 * block begins with what is in the accumulator when the call is made, and adds its items in their
 * order. The accumulators of the blocks are then merged in order: the second into the first, the third
 * into these, and so on; what comes out is written to `accumulator` at the end. So what it holds at
 * first must be what changes nothing, zeros for a sum: it counts once in each block. It may lie in a
 * shared array, and is copied all the same.
 *
 * Exactly the items that did not fail are in the sum: one that fails or crashes leaves the accumulator
 * as it was before. Blocks of which no item ended well are left out. If that is all of them, or there
 * are no items, `accumulator` stays as it is.
 *
 * Returns and waits as pool_map(); when items failed, or were cancelled or out of time, the sum is of
 * the others. When it returns a negative code, `accumulator` is unchanged: those of pool_map(), with
 * POOL_ENOFUNCTION also for `merge`, POOL_ENODATA, POOL_EITEMSIZE and POOL_ETYPE also for `accumulator`;
 * what `merge` returned (a positive number: its negative), and items that had not started are
 * cancelled; -ENOMEM when there is no room for the accumulator; -EBADMSG when the board was overwritten
 * so that items that had ended are lost. */
POOL_API int pool_fold(pool_t *pool, pool_function_t function, pool_merge_t merge, pool_in_t in,
                       pool_out_t accumulator, const pool_map_options_t *options);

/* ---- Errors of items ---------------------------------------------------------------------------- */

typedef enum pool_error_kind {
    POOL_FAILED = 1, /* the function returned something other than 0, or packing did */
    POOL_CRASHED,    /* a signal ended the worker during this item */
    POOL_EXITED,     /* the function called exit() or _exit() */
    POOL_CANCELLED,  /* the call was cancelled before the item ended */
    POOL_TIMED_OUT,  /* the call's time was up before the item ended */
    POOL_LOST,       /* the pool ended or broke before the item did; it may have been running */
    POOL_CORRUPT     /* the worker's account of this item makes no sense: memory was overwritten */
} pool_error_kind_t;

typedef struct pool_error {
    size_t index; /* of the item in the caller's array */
    pool_error_kind_t kind;
    /* POOL_FAILED: what the function returned or gave to pool_fail(); POOL_CRASHED: the signal's
     * number; POOL_EXITED: the exit status; else a negative code. */
    int code;
    const char *message; /* never NULL; from a worker: may hold any bytes but NUL */
    const char *file;    /* of the pool_fail() call; NULL without one */
    int line;            /* 0 without one */
    int worker;          /* its number, or -1 */
    pid_t pid;           /* its process id at the time, or 0 */
    unsigned attempt;    /* how often the item had been started */
} pool_error_t;

/* Gives the errors of the last call on this pool that ran items and waited for them, of any thread,
 * sorted by index: all that there is memory for; but when there are POOL_ERRORS_MAX, items that end many
 * at once, cancelled or lost, are only counted. Returns how many; `*errors` is valid until the next such
 * call or pool_free(). 0 for a NULL pool. Threads that share a pool use futures, which have errors of
 * their own. */
#define POOL_ERRORS_MAX 1000000
POOL_API size_t pool_errors(const pool_t *pool, const pool_error_t **errors);

/* Writes what happened to the item as a line without its end, such as "crashed with SIGSEGV: stack
 * overflow [worker 1, pid 4711]", into the `size` bytes at `text`, cut to fit. Returns the whole
 * length, as snprintf() does, or -EINVAL or -ENOMEM. Control characters are escaped. */
POOL_API int pool_error_text(const pool_error_t *error, char *text, size_t size);

/* Prints those errors to `stream`, a line each, for a person: at most 20, then how many more there
 * are. */
POOL_API void pool_print_errors(const pool_t *pool, FILE *stream);

/* ---- Futures --------------------------------------------------------------------------------- */

/* The calls above without the waiting, as Python's ..._async: the items are run while the caller does
 * other things, and `*future` tells when they have ended. The arrays stay the caller's and must stay
 * as they are until then. Workers go on with what has been given out; more is given out, and results
 * arrive in the array of results, whenever a thread waits in this library or calls pool_step().
 * `options` and `future` may be NULL: nobody asks any more. Errors as of pool_map(), and -ENOMEM. */
POOL_API int pool_map_async(pool_t *pool, pool_function_t function, pool_in_t in, pool_out_t out,
                            const pool_map_options_t *options, pool_future_t **future);
POOL_API int pool_starmap_async(pool_t *pool, const pool_callable_t *function, const void *rows,
                                size_t count, void *results, const pool_map_options_t *options,
                                pool_future_t **future);

/* The accumulator stays as it is until the end. */
POOL_API int pool_fold_async(pool_t *pool, pool_function_t function, pool_merge_t merge,
                             pool_in_t in, pool_out_t accumulator,
                             const pool_map_options_t *options, pool_future_t **future);

/* One item: pool_map() of an array of one. For a function of POOL_FUNCTION: pool_starmap() of one row. */
POOL_API int pool_apply(pool_t *pool, pool_function_t function, pool_in_t in, pool_out_t out);
POOL_API int pool_apply_async(pool_t *pool, pool_function_t function, pool_in_t in, pool_out_t out,
                              const pool_map_options_t *options, pool_future_t **future);

/* Runs the function once on every worker, with the one item of `in`: to load something, or to ask. The
 * result of worker i becomes element i of `out`, and its error has index i; a worker takes it as its next
 * item, when it has ended the one it is running. (Of several broadcasts one waits for a worker; later ones
 * are held up by it.) `out` has room for pool_processes() results as this call finds it: for the most there
 * may be, if other threads call pool_resize(). Workers that come later, or in the place of others, know
 * nothing of it: an initializer is for them. One in whose place nobody is wanted any more (pool_resize())
 * counts as cancelled. POOL_EOPTION when `in` is not one item; errors as of pool_map(). */
POOL_API int pool_broadcast(pool_t *pool, pool_function_t function, pool_in_t in, pool_out_t out);
POOL_API int pool_broadcast_async(pool_t *pool, pool_function_t function, pool_in_t in,
                                  pool_out_t out, const pool_map_options_t *options,
                                  pool_future_t **future);

/* Waits until all items have ended, `milliseconds` at most (negative: no limit; 0: only looks). The
 * items go on if time is up. Returns 0, -ETIMEDOUT, or POOL_EBUSY in a callback. */
POOL_API int pool_future_wait(pool_future_t *future, int milliseconds);

/* The same, and returns what pool_map() returns. */
POOL_API int pool_future_get(pool_future_t *future, int milliseconds);

/* Whether all items have ended, and whether they have and none failed. They do not wait, but take
 * what there is, as pool_step(). */
POOL_API bool pool_future_ready(pool_future_t *future);
POOL_API bool pool_future_successful(pool_future_t *future);

/* The errors of the items that ended, as pool_errors(); complete and sorted once it is ready, else 0.
 * `*errors` is valid until pool_future_free(). */
POOL_API size_t pool_future_errors(pool_future_t *future, const pool_error_t **errors);

/* Cancels the items that have not started: they never will. Running ones see it by
 * pool_task_cancelled(); with `grace` >= 0 the workers of those that run `grace` milliseconds later are
 * killed and replaced. Returns 0, or -EALREADY when all items had ended. */
POOL_API int pool_future_cancel(pool_future_t *future, int grace);

/* Gives the future back; NULL is allowed. Its items go on, and its callbacks are still called. Using it
 * afterwards gives -EINVAL (or false, or 0), until another call gets the same address; after
 * pool_free() it is undefined. */
POOL_API void pool_future_free(pool_future_t *future);

typedef enum pool_wait_mode {
    POOL_WAIT_ALL = 1,    /* until all are ready */
    POOL_WAIT_ANY,        /* until one is */
    POOL_WAIT_FIRST_ERROR /* until one is ready with a failed item, or all are */
} pool_wait_mode_t;

/* Waits for several futures of one pool; NULLs among them are skipped. Returns how many are ready,
 * -ETIMEDOUT, -EINVAL or POOL_EBUSY. */
POOL_API int pool_wait(pool_future_t *const *futures, size_t count, pool_wait_mode_t mode,
                       int milliseconds);

/* Waits until one of the futures is ready, sets its place in the array to NULL and gives it in
 * `*ready`: call it again for the next. Returns its index, -ENOENT when all are NULL, -ETIMEDOUT,
 * -EINVAL or POOL_EBUSY. */
POOL_API int pool_as_completed(pool_future_t **futures, size_t count, int milliseconds,
                               pool_future_t **ready);

/* Does what can be done without waiting: takes results, gives out items, calls callbacks. Returns how
 * many calls have not ended, or a negative code. For programs with an event loop: call it whenever
 * pool_fileno() is readable. */
POOL_API int pool_step(pool_t *pool);

/* A descriptor that is readable when pool_step() has something to do, be it that a call's time is up, or
 * that another thread has taken what ended; and once a second while calls have not ended, for a look at
 * everything. The pool's: do not read it. Errors as of epoll_create1() and timerfd_create(). */
POOL_API int pool_fileno(pool_t *pool);

/* Puts the pool on a loop of libuv's, or takes it away (NULL): uv_run() does then what pool_step() would,
 * and makes the callbacks of all calls. It goes on while calls have not ended; an idle pool does not keep
 * it. No thread is made; <uv.h> is not needed by this header, and may be included before or after it.
 *   Threads: attach, detach, submit and free in the thread that runs the loop, or in which it was
 * prepared. Callbacks are made in no other: in uv_run(), or while that thread waits in this library.
 * Other threads may do the rest, and submit while something else keeps the loop running; one that waits
 * for a call with callbacks waits for the loop to make them.
 *   Waiting: pool_map() and all that wait work as ever, also in callbacks of the loop's other handles, and
 * the loop stands still meanwhile. In the pool's own callbacks: POOL_EBUSY.
 *   Ending: detach or pool_free() the pool before uv_loop_close(), and let uv_run() run once more between
 * them, as after uv_close(). Both may be done with calls outstanding; only pool_free() not in the pool's
 * callbacks. A pool that was detached may be attached again, to any loop.
 * Returns 0, also when there is nothing to do; POOL_ENOPOOL, POOL_EFORKED; -EINVAL in a thread that is not
 * the loop's; -EBUSY when it is on another loop; -ENOMEM, and errors as of pool_fileno() and libuv. */
struct uv_loop_s;
POOL_API int pool_attach(pool_t *pool, struct uv_loop_s *loop);

/* ---- Iterators ------------------------------------------------------------------------------- */

/* Where items come from one by one: an array, or a function. */
typedef struct pool_source {
    /* The array; with `next`, `size` and `type` alone say what items are: POOL_IN((double *)0, 0). */
    pool_in_t in;
    /* Stores the next item at `item`, which is zeroed, and returns 1; returns 0 at the end, or an
     * error of its own (negative), which ends the items as well. What the item points to must stay
     * valid until the next call, and be released by the source. It is called from threads that are in
     * this library, one at a time, and must not call it. NULL: there is the array. */
    int (*next)(void *context, void *item);
    void *context;
} pool_source_t;

/* What results are: POOL_RESULT(double), POOL_RESULT(char *). */
#ifndef __cplusplus
#define POOL_RESULT(c_type) pool_out(NULL, sizeof(c_type), POOL_TYPE_OF((c_type *)0))
#endif

typedef struct pool_iterator pool_iterator_t;

/* Runs `function` over items as they come and gives the results one by one to pool_next(): in the order
 * of the items, or as they end. As Python's Pool.imap() and imap_unordered(): lazy, also over endless
 * sources. A function of POOL_FUNCTION is given as `score_function.callable.call`, with rows as items:
 * POOL_IN_AS(rows, count, &score_args_type). At most some thousand items, and results of the pool's
 * `budget`, are ahead of what has been taken. Errors as of pool_map(), and -ENOMEM. */
POOL_API int pool_imap(pool_t *pool, pool_function_t function, const pool_source_t *source,
                       pool_out_t result, const pool_map_options_t *options,
                       pool_iterator_t **iterator);
POOL_API int pool_imap_unordered(pool_t *pool, pool_function_t function,
                                 const pool_source_t *source, pool_out_t result,
                                 const pool_map_options_t *options, pool_iterator_t **iterator);

/* Waits for the next result, `milliseconds` at most (negative: no limit), and stores it at `result`:
 * what it points to is the caller's, to be freed by pool_release(). Returns 1; 0 at the end; POOL_EITEM
 * when this item failed (the next call goes on behind it); -ETIMEDOUT when there is none yet (nothing is
 * skipped); -ETIME when the time of the whole call (its option `timeout`) is up; -ECANCELED after a
 * failure with `fail_fast`; the source's error, once all items before it have been given; or POOL_EBUSY
 * in a callback, when there is none now.
 * Without waiting, as on a loop: options `progress`, `callback` and `error_callback` of the iterator are
 * called as items end and after the last; each takes what there is, by calling this with 0 milliseconds
 * while it returns 1 or POOL_EITEM. Results that are not taken hold up the items behind them, and so the
 * end of the call. */
POOL_API int pool_next(pool_iterator_t *iterator, void *result, int milliseconds);

/* The index of the item the last pool_next() was about, and its error if it failed (else NULL; valid
 * until the next pool_next()). */
POOL_API size_t pool_next_index(const pool_iterator_t *iterator);
POOL_API const pool_error_t *pool_next_error(const pool_iterator_t *iterator);

/* Ends the iteration: items that have not started never will, results not taken are released. Does not
 * wait. NULL is allowed. */
POOL_API void pool_iterator_free(pool_iterator_t *iterator);

/* ---- The calls in C ---------------------------------------------------------------------------- */

#ifndef __cplusplus
#define POOL__SAME_ELEMENTS(array, pointer)                                                        \
    ((void)sizeof(struct {                                                                         \
        _Static_assert(                                                                            \
            __builtin_types_compatible_p(__typeof__(*(array)), __typeof__(*(pointer))),            \
            "rows or results are not of the function's types");                                    \
        int unused;                                                                                \
    }))
#define pool_starmap(pool, function, rows, count, results)                                         \
    (POOL__SAME_ELEMENTS(rows, (function)->args),                                                  \
     POOL__SAME_ELEMENTS(results, (function)->result),                                             \
     pool_starmap((pool), &(function)->callable, (rows), (count), (results)))
#define pool_starmap_with(pool, function, rows, count, results, ...)                               \
    (POOL__SAME_ELEMENTS(rows, (function)->args),                                                  \
     POOL__SAME_ELEMENTS(results, (function)->result),                                             \
     pool_starmap_with((pool), &(function)->callable, (rows), (count), (results), __VA_ARGS__))
#define pool_starmap_async(pool, function, rows, count, results, ...)                              \
    (POOL__SAME_ELEMENTS(rows, (function)->args),                                                  \
     POOL__SAME_ELEMENTS(results, (function)->result),                                             \
     pool_starmap_async((pool), &(function)->callable, (rows), (count), (results), __VA_ARGS__))
/* A function of another signature than pool_function_t, or any other pointer, has no `callable`. */
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

#ifdef __cplusplus
}
#endif
#endif
