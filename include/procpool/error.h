/* procpool/error.h: what failed and why: codes of calls, and errors of items.
 *
 *   if (pool_map(pool, square, POOL_IN(data, count), POOL_OUT(squares)) != 0)
 *       pool_print_errors(pool, stderr);
 *
 * A call that could not do its work returns a negative code. An item that fails does not end its
 * call: it leaves a failure record, a pool_error_t, and the other items go on.
 */
#ifndef PROCPOOL_ERROR_H
#define PROCPOOL_ERROR_H

#include <stdio.h>
#include <sys/types.h>

#include "procpool/type.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A pool of worker processes; see pool.h. */
typedef struct pool pool_t;

/* ---- Codes of calls ---- */

/* The library's own codes: the name, the value, and the sentence that pool_strerror() returns. All
 * other codes are negated errno values. */
#define POOL_ERROR_MAP(XX)                                                                         \
    XX(POOL_ENOPOOL, -5001, "the pool is NULL")                                                    \
    XX(POOL_ENOFUNCTION, -5002, "the function is NULL")                                            \
    XX(POOL_ENODATA, -5003, "there are items, but the array of items or of results is NULL")       \
    XX(POOL_EITEMSIZE, -5004, "the size of an item is 0: was it passed through a void pointer?")   \
    XX(POOL_EOVERFLOW, -5005,                                                                      \
       "there are more items than the array of items or of results has, or than fit into memory")  \
    XX(POOL_EPROCESSES, -5006, "the number of processes is negative or absurdly large")            \
    XX(POOL_EOPTION, -5007, "an option is out of its range")                                       \
    XX(POOL_ECLOSED, -5008, "the pool is closed: it takes no more work")                           \
    XX(POOL_EUNKNOWN, -5009,                                                                       \
       "the workers do not have this function: its library was loaded, perhaps once more, after "  \
       "the pool was made")                                                                        \
    XX(POOL_EFORKED, -5010,                                                                        \
       "the pool belongs to another process: this one is a copy forked from its host")             \
    XX(POOL_EINIT, -5011, "the initializer failed in a worker")                                    \
    XX(POOL_EBROKEN, -5012, "the pool lost its supervisor, or cannot keep any worker alive")       \
    XX(POOL_ETYPE, -5014,                                                                          \
       "a type makes no sense, is not a static object, or does not fit the function")              \
    XX(POOL_EITEM, -5015, "this item failed: pool_next_error() tells how")                         \
    XX(POOL_EBUSY, -5013,                                                                          \
       "the pool is still open, or this thread is in a callback or in another call on the pool")

enum pool_code {
#define POOL_CODE(name, value, text) name = value,
    POOL_ERROR_MAP(POOL_CODE)
#undef POOL_CODE
};

/* Explains `code`, one of the library's or a negated errno value, in a sentence. The text is
 * constant and never NULL. May be called from anywhere. */
POOL_API const char *pool_strerror(int code);

/* Returns the name of `code`, such as "POOL_ECLOSED" or "ENOMEM". It is "OK" for 0, and "unknown"
 * for a code without a name. The text is constant. May be called from anywhere. */
POOL_API const char *pool_error_name(int code);

/* ---- Errors of items ---- */

typedef enum pool_error_kind {
    POOL_FAILED = 1, /* the function returned something other than 0, or packing failed */
    POOL_CRASHED,    /* a signal ended the worker during this item */
    POOL_EXITED,     /* the function called exit() or _exit() */
    POOL_CANCELLED,  /* the item was cancelled before it ended */
    POOL_TIMED_OUT,  /* the call's time was up before the item ended */
    POOL_LOST,       /* the pool ended or broke before the item did; it may have been running */
    POOL_CORRUPT     /* the record of this item in shared memory was overwritten */
} pool_error_kind_t;

typedef struct pool_error {
    size_t index; /* of the item in the caller's array, counted from the option `first` */
    pool_error_kind_t kind;
    /* POOL_FAILED: what the function returned or gave to pool_fail(). POOL_CRASHED: the number of
     * the signal. POOL_EXITED: the exit status. Other kinds: a negative code. */
    int code;
    const char *message; /* never NULL; from a worker, so any bytes but NUL may be in it */
    const char *file;    /* of the pool_fail() call; NULL without one */
    int line;            /* of the pool_fail() call; 0 without one */
    int worker;          /* the worker's number; -1: no worker ran the item, or it is not known */
    pid_t pid;           /* the worker's process id at the time; 0: the same */
    unsigned attempt;    /* how often the item had been started */
} pool_error_t;

/* How many errors of one call are kept; see pool_errors(). */
#define POOL_ERRORS_MAX 1000000

/* Returns the number of errors of the last waiting call on this pool, and gives them in `*errors`,
 * sorted by index. Waiting calls are pool_map(), pool_starmap(), pool_apply(), pool_broadcast(),
 * pool_fold() and their other forms that return when all items have ended. A call that could not
 * run, and returned a negative code for that, has no errors of items. The last call may have been
 * that of any thread: threads that share a pool use futures, each of which has its own errors
 * (pool_future_errors()).
 * An error is kept unless memory runs out. Beyond POOL_ERRORS_MAX errors, items that end many at
 * once, as cancelled and lost items do, are only counted.
 * `*errors` belongs to the pool and is valid until the next such call or pool_free(). `errors` may
 * be NULL. Returns 0 for a NULL pool. May also be called in a forked copy of the host: it gives what
 * the host knew, until the copy itself makes a waiting call, which fails with POOL_EFORKED. */
POOL_API size_t pool_errors(const pool_t *pool, const pool_error_t **errors);

/* Writes what happened to the item, such as "crashed with SIGSEGV: stack overflow [worker 1, pid
 * 4711]", without a newline into the `size` bytes at `text`. The text is cut to fit, and control
 * characters in it are escaped. Returns the length of the whole text as snprintf() does, or
 * -EINVAL (`error` is NULL, or `text` with a size above 0) or -ENOMEM. */
POOL_API int pool_error_text(const pool_error_t *error, char *text, size_t size);

/* Prints to `stream`, for a person, what went wrong in the last waiting call on this pool (see
 * pool_errors()). If that call returned a negative code, a line says so: "the call failed with
 * POOL_ECLOSED: the pool is closed: it takes no more work". If items failed, then it prints how many,
 * a line for each of the first 20 errors, and how many more there are. Prints nothing if all went
 * well. For a NULL pool it prints POOL_ENOPOOL. */
POOL_API void pool_print_errors(const pool_t *pool, FILE *stream);

#ifdef __cplusplus
}
#endif
#endif
