/* procpool/function.h: the functions that run in workers.
 *
 *   static double score(const char *path, int width, double threshold)
 *   {
 *       return path[0] ? width * threshold : 0;
 *   }
 *   POOL_FUNCTION(score, double, (const char *, path), (int, width), (double, threshold));
 *
 *   struct score_args rows[] = {{"a.txt", 3, 0.5}, {"b.txt", 5, 0.9}};
 *   double scores[2];
 *   pool_starmap(pool, &score_function, rows, 2, scores);
 *
 * There are two ways to write one: a pool_function_t, which has pointers to its item and its
 * result, or an ordinary function of 1 to 16 typed arguments, of which POOL_FUNCTION makes a typed
 * function. The calls named pool_task_... and pool_fail() are for functions that run in workers.
 */
#ifndef PROCPOOL_FUNCTION_H
#define PROCPOOL_FUNCTION_H

#include "procpool/type.h"

#ifdef __cplusplus
extern "C" {
#endif

#define POOL_PRINTF(text, first) __attribute__((__format__(__printf__, text, first)))

/* The item that a function is working on. Valid until the function returns. The calls on it take no
 * lock: threads that a function starts must make them one at a time. */
typedef struct pool_task pool_task_t;

/* A function that turns one item into one result, in a worker.
 *
 * `item` points to the item as an element of the caller's array: a `const double *` for an array
 * of double, a `const char *const *` for an array of texts, a `const pool_bytes_t *` for blobs. It
 * is NULL for items of POOL_RANGE(). The item is read-only: writing to it is a crash.
 * `result` points to zeroed memory for one element of the array of results. If that array is from
 * pool_shared_alloc(), `result` is the element itself, as it is. It is NULL if the call takes no
 * results. Both pointers are aligned as elements of an array from malloc() would be.
 * errno is 0 when the function begins, whatever this worker did before. So it is when an
 * initializer, a finalizer, a pack or unpack function, a merge function or a source begins.
 *
 * Returns 0 when `result` is good. Any other value fails this item: `return pool_fail(...)` says
 * why. A crash, an exit or a kill of the worker also fails this item, and no other item. So does
 * pthread_exit(), or a cancellation, of the thread that runs the function: the worker exits with
 * all its threads, and the item is POOL_EXITED with status 0. */
typedef int (*pool_function_t)(const void *item, void *result, pool_task_t *task);

/* Records why this item, or this initializer, fails. `code` is the caller's own, mostly an errno
 * value; the message is formatted as by printf(). A message of more than POOL_MESSAGE_MAX bytes is
 * cut there and ends in "...". The file and line are those of the call. The last record counts.
 * Returns `code`, or -1 if `code` is 0, so that the function can return it. */
#define pool_fail(task, ...) pool_fail_at((task), __FILE__, __LINE__, __VA_ARGS__)
#define POOL_MESSAGE_MAX 1023
POOL_API int pool_fail_at(pool_task_t *task, const char *file, int line, int code,
                          const char *format, ...) POOL_PRINTF(5, 6);

/* Returns the item's index in the caller's array, counted from the call's option `first`. In an
 * initializer: 0. */
POOL_API size_t pool_task_index(const pool_task_t *task);

/* Returns how often the item was started, this time included: always 1, because an item that was
 * started is not started again. */
POOL_API unsigned pool_task_attempt(const pool_task_t *task);

/* Returns the worker's number, from 0 to processes - 1. A replacement has the number of the worker
 * that it replaces. */
POOL_API int pool_task_worker(const pool_task_t *task);

/* Returns what the initializer stored in this worker; NULL without an initializer. */
POOL_API void *pool_task_state(const pool_task_t *task);

/* Returns a seed for this item's random numbers. It depends only on the call's option `seed` and
 * the item's key, which is its index or comes from the option `keys`. So results do not depend on which worker runs the item, or how often. In an
 * initializer it depends on the worker's number. */
POOL_API uint64_t pool_task_seed(const pool_task_t *task);

/* Returns whether the item's call was cancelled or is out of time: its result is no longer wanted.
 * Cheap enough to ask often. The item still ends as its function returns. */
POOL_API bool pool_task_cancelled(const pool_task_t *task);

/* Allocates `size` zeroed bytes, aligned to 16, that live until this item's result has been sent.
 * For what a result points to: nothing leaks if the item fails. NULL if there is no memory. */
POOL_API void *pool_task_alloc(pool_task_t *task, size_t size);

/* A typed function, as POOL_FUNCTION makes it: how to call it, and the types of its arguments (as
 * one struct, a row) and of its result. A static object of the program or of a library that was
 * loaded before the pool was made, as types are. */
typedef struct pool_callable {
    uint64_t magic; /* POOL_CALLABLE */
    const char *name;
    int (*call)(const void *item, void *result, struct pool_task *task);
    const pool_type_t *args;
    const pool_type_t *result; /* NULL: the function returns nothing */
    size_t result_size;
} pool_callable_t;

#define POOL_CALLABLE UINT64_C(0x6c6c6163706c6f70)

#ifdef __cplusplus
}
#endif

#ifndef __cplusplus
/* Makes a typed function of an ordinary function, as above. It defines `struct score_args`, whose
 * members are the arguments, and `score_function`. It does not compile unless the result and the
 * arguments are exactly those of the function's declaration.
 * An argument that is a pointer, or a struct with a type of its own, is described as in
 * POOL_STRUCT:
 *   (const double *, values, counted_by, n), (size_t, n), (struct point, at, as, &point_type)
 * The result may be void, plain data, a text or a blob. A result that is another pointer does not
 * compile. A `char *` that the function returns, and the data of a blob, belong to the pool, which
 * frees them with free() after they have been sent. Memory of the arguments, of pool_task_alloc()
 * and static memory are recognised and not freed. A `const char *` is never freed. A function whose
 * `char *` is neither static nor the caller's to free, such as strerror() or getenv(), needs a
 * wrapper. */
#define POOL_FUNCTION(name, result, ...)                                                           \
    POOL__FUNCTION(name, result, POOL__RESULT_TYPE(result), POOL__CALLS(result), __VA_ARGS__)

/* The same for a function that returns a struct or custom value with a type of its own:
 * POOL_FUNCTION_OF(read_page, struct page, &page_type, (const char *, path)). */
#define POOL_FUNCTION_OF(name, result, type, ...)                                                  \
    POOL__FUNCTION(name, result, type, POOL__CALLS_VALUE, __VA_ARGS__)

/* The same for a function that can fail. It has two more arguments, where its result goes and the
 * task, and returns what a pool_function_t returns:
 * POOL_FALLIBLE(divide, double, (double, a), (double, b)) is for
 * `int divide(double a, double b, double *result, pool_task_t *task)`. */
#define POOL_FALLIBLE(name, result, ...)                                                           \
    POOL__FUNCTION(name, result, POOL__RESULT_TYPE(result), POOL__CALLS_FALLIBLE, __VA_ARGS__)
#define POOL_FALLIBLE_OF(name, result, type, ...)                                                  \
    POOL__FUNCTION(name, result, type, POOL__CALLS_FALLIBLE, __VA_ARGS__)

/* The rest of this page is how the macros work. */
#define POOL__FUNCTION(fn, R, result_type, calls, ...)                                             \
    struct fn##_args {                                                                             \
        POOL__EACH(POOL__ARG_MEMBER, ~, __VA_ARGS__)                                               \
    };                                                                                             \
    calls(fn, R, __VA_ARGS__)                                                                      \
        POOL_STRUCT_AS(fn##_args_type, struct fn##_args, POOL__ARG_FIELDS(__VA_ARGS__));           \
    static const struct {                                                                          \
        pool_callable_t callable;                                                                  \
        const struct fn##_args *args;                                                              \
        R *result;                                                                                 \
    } fn##_function __attribute__((unused)) = {                                                    \
        {POOL_CALLABLE, #fn, fn##_call, &fn##_args_type, (result_type), POOL__RESULT_SIZE(R)},     \
        0,                                                                                         \
        0}

#define POOL__CALLS(R) POOL__IF_VOID(R, POOL__CALLS_VOID, POOL__CALLS_VALUE)
#define POOL__CALLS_VALUE(fn, R, ...)                                                              \
    POOL__SAME(fn, R(POOL__ARG_TYPES(__VA_ARGS__)));                                               \
    static int fn##_call(const void *item, void *result, struct pool_task *task)                   \
    {                                                                                              \
        const struct fn##_args *args = item;                                                       \
        (void)task;                                                                                \
        *(R *)result = fn(POOL__ARG_VALUES(__VA_ARGS__));                                          \
        return 0;                                                                                  \
    }
#define POOL__CALLS_VOID(fn, R, ...)                                                               \
    POOL__SAME(fn, R(POOL__ARG_TYPES(__VA_ARGS__)));                                               \
    static int fn##_call(const void *item, void *result, struct pool_task *task)                   \
    {                                                                                              \
        const struct fn##_args *args = item;                                                       \
        (void)task;                                                                                \
        (void)result;                                                                              \
        fn(POOL__ARG_VALUES(__VA_ARGS__));                                                         \
        return 0;                                                                                  \
    }
#define POOL__CALLS_FALLIBLE(fn, R, ...)                                                           \
    POOL__SAME(fn, int(POOL__ARG_TYPES(__VA_ARGS__), R *, struct pool_task *));                    \
    static int fn##_call(const void *item, void *result, struct pool_task *task)                   \
    {                                                                                              \
        const struct fn##_args *args = item;                                                       \
        return fn(POOL__ARG_VALUES(__VA_ARGS__), (R *)result, task);                               \
    }
#define POOL__SAME(fn, ...)                                                                        \
    _Static_assert(__builtin_types_compatible_p(__typeof__(fn), __VA_ARGS__),                      \
                   "result or arguments differ from the declaration of " #fn)

#define POOL__RESULT_TYPE(R)                                                                       \
    _Generic((R *)0,                                                                               \
        void *: (const pool_type_t *)0,                                                            \
        char **: &pool_type_text,                                                                  \
        const char **: &pool_type_const_text,                                                      \
        pool_bytes_t *: &pool_type_bytes,                                                          \
        default: &pool_type_plain + POOL__RESULT_KNOWN(R))
#define POOL__RESULT_KNOWN(R)                                                                      \
    POOL__ASSERT(POOL__KNOWN(POOL__FIRST((R *)0)),                                                 \
                 "the result is a pointer: name its type by POOL_FUNCTION_OF or POOL_FALLIBLE_OF")
#define POOL__RESULT_SIZE(R) POOL__IF_VOID(R, 0, sizeof(R))

/* POOL__IF_VOID(R, then, else) decides by the tokens of R. */
#define POOL__IF_VOID(R, then, otherwise) POOL__PICK3(POOL__VOID_##R, then, otherwise, )
#define POOL__VOID_void ~, ~
#define POOL__PICK3(...) POOL__PICK3_(__VA_ARGS__)
#define POOL__PICK3_(a, b, picked, ...) picked

#define POOL__ARG_MEMBER(unused, arg) POOL__ARG_MEMBER_(POOL__UNWRAP arg, ~)
#define POOL__ARG_MEMBER_(...) POOL__ARG_MEMBER__(__VA_ARGS__)
#define POOL__ARG_MEMBER__(type, name, ...) type name;

/* Lists with commas, for at most 16 arguments. */
#define POOL__ARG_TYPE(arg) POOL__ARG_TYPE_(POOL__UNWRAP arg, ~)
#define POOL__ARG_TYPE_(...) POOL__ARG_TYPE__(__VA_ARGS__)
#define POOL__ARG_TYPE__(type, ...) type
#define POOL__ARG_TYPES(...) POOL__LIST(POOL__ARG_TYPE, __VA_ARGS__)
#define POOL__ARG_VALUE(arg) POOL__ARG_VALUE_(POOL__UNWRAP arg, ~)
#define POOL__ARG_VALUE_(...) POOL__ARG_VALUE__(__VA_ARGS__)
#define POOL__ARG_VALUE__(type, name, ...) args->name
#define POOL__ARG_VALUES(...) POOL__LIST(POOL__ARG_VALUE, __VA_ARGS__)
#define POOL__ARG_FIELD(arg) POOL__ARG_FIELD_(POOL__UNWRAP arg)
#define POOL__ARG_FIELD_(...) POOL__ARG_FIELD__(__VA_ARGS__)
#define POOL__ARG_FIELD__(type, ...) (__VA_ARGS__)
#define POOL__ARG_FIELDS(...) POOL__LIST(POOL__ARG_FIELD, __VA_ARGS__)

#define POOL__LIST(M, ...)                                                                         \
    POOL__PICK16(__VA_ARGS__, POOL__L16, POOL__L15, POOL__L14, POOL__L13, POOL__L12, POOL__L11,    \
                 POOL__L10, POOL__L9, POOL__L8, POOL__L7, POOL__L6, POOL__L5, POOL__L4, POOL__L3,  \
                 POOL__L2, POOL__L1, )                                                             \
    (M, __VA_ARGS__)
#define POOL__PICK16(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, picked, ...) picked
#define POOL__L1(M, a) M(a)
#define POOL__L2(M, a, ...) M(a), POOL__L1(M, __VA_ARGS__)
#define POOL__L3(M, a, ...) M(a), POOL__L2(M, __VA_ARGS__)
#define POOL__L4(M, a, ...) M(a), POOL__L3(M, __VA_ARGS__)
#define POOL__L5(M, a, ...) M(a), POOL__L4(M, __VA_ARGS__)
#define POOL__L6(M, a, ...) M(a), POOL__L5(M, __VA_ARGS__)
#define POOL__L7(M, a, ...) M(a), POOL__L6(M, __VA_ARGS__)
#define POOL__L8(M, a, ...) M(a), POOL__L7(M, __VA_ARGS__)
#define POOL__L9(M, a, ...) M(a), POOL__L8(M, __VA_ARGS__)
#define POOL__L10(M, a, ...) M(a), POOL__L9(M, __VA_ARGS__)
#define POOL__L11(M, a, ...) M(a), POOL__L10(M, __VA_ARGS__)
#define POOL__L12(M, a, ...) M(a), POOL__L11(M, __VA_ARGS__)
#define POOL__L13(M, a, ...) M(a), POOL__L12(M, __VA_ARGS__)
#define POOL__L14(M, a, ...) M(a), POOL__L13(M, __VA_ARGS__)
#define POOL__L15(M, a, ...) M(a), POOL__L14(M, __VA_ARGS__)
#define POOL__L16(M, a, ...) M(a), POOL__L15(M, __VA_ARGS__)
#endif
#endif
