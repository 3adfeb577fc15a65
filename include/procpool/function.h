/* procpool/function.h: ordinary functions of several typed arguments, made callable over rows.
 *
 * Included by <procpool.h>.
 */
#ifndef PROCPOOL_FUNCTION_H
#define PROCPOOL_FUNCTION_H

#include "procpool/type.h"

struct pool_task;

/* A function that pool_starmap() and pool_map() can run: how to call it, and what its arguments
 * (as one struct, a row) and its result are. A static object, as types are. */
typedef struct pool_callable {
    uint64_t magic; /* POOL_CALLABLE */
    const char *name;
    int (*call)(const void *item, void *result, struct pool_task *task);
    const pool_type_t *args;
    const pool_type_t *result; /* NULL: it returns nothing */
    size_t result_size;
} pool_callable_t;

#define POOL_CALLABLE UINT64_C(0x6c6c6163706c6f70)

#ifndef __cplusplus
/* Makes a task of an ordinary function of 1 to 16 arguments, without a line of packing code:
 *
 *   static double score(const char *path, int width, double threshold) { ... }
 *   POOL_FUNCTION(score, double, (const char *, path), (int, width), (double, threshold));
 *
 * defines `struct score_args`, whose members are the arguments, and `score_function`. It does not
 * compile unless result and arguments are exactly those of the function's declaration. An argument
 * that is a pointer or a struct with a table is told like a member in POOL_STRUCT:
 *
 *   (const double *, values, counted_by, n), (size_t, n), (struct point, at, as, &point_type)
 *
 * The result may be void, plain data, a text or a blob. What the function returns belongs to the
 * pool, as it would to any caller: after it has been sent, a `char *`, and the data of a blob, are
 * freed with free(), unless they lie in the arguments, in memory of pool_task_alloc(), or in static
 * memory. A `const char *` is not freed. A function whose `char *` is neither static nor the caller's
 * to free, as of strerror() and getenv(), needs a wrapper. */
#define POOL_FUNCTION(name, result, ...)                                                           \
    POOL__FUNCTION(name, result, POOL__RESULT_TYPE(result), POOL__CALLS(result), __VA_ARGS__)

/* For a function that returns a struct with a table of its own:
 * POOL_FUNCTION_OF(read_page, struct page, &page_type, (const char *, path)). */
#define POOL_FUNCTION_OF(name, result, type, ...)                                                  \
    POOL__FUNCTION(name, result, type, POOL__CALLS_VALUE, __VA_ARGS__)

/* For a function that can fail: it has two more arguments, where its result goes and the task, and
 * returns what a pool_function_t returns. POOL_FALLIBLE(divide, double, (double, a), (double, b))
 * is for `int divide(double a, double b, double *result, pool_task_t *task)`. */
#define POOL_FALLIBLE(name, result, ...)                                                           \
    POOL__FUNCTION(name, result, POOL__RESULT_TYPE(result), POOL__CALLS_FALLIBLE, __VA_ARGS__)
#define POOL_FALLIBLE_OF(name, result, type, ...)                                                  \
    POOL__FUNCTION(name, result, type, POOL__CALLS_FALLIBLE, __VA_ARGS__)

#define POOL__FUNCTION(fn, R, result_type, calls, ...)                                             \
    struct fn##_args {                                                                             \
        POOL__EACH(POOL__ARG_MEMBER, ~, __VA_ARGS__)                                               \
    };                                                                                             \
    calls(fn, R, __VA_ARGS__) POOL_STRUCT_AS(fn##_args_type, struct fn##_args,                     \
                                             POOL__ARG_FIELDS(__VA_ARGS__));                       \
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
        default: &pool_type_plain)
#define POOL__RESULT_SIZE(R) POOL__IF_VOID(R, 0, sizeof(R))

/* POOL__IF_VOID(R, then, else): by the tokens of R. */
#define POOL__IF_VOID(R, then, otherwise) POOL__PICK3(POOL__VOID_##R, then, otherwise, )
#define POOL__VOID_void ~, ~
#define POOL__PICK3(...) POOL__PICK3_(__VA_ARGS__)
#define POOL__PICK3_(a, b, picked, ...) picked

#define POOL__ARG_MEMBER(unused, arg) POOL__ARG_MEMBER_(POOL__UNWRAP arg, ~)
#define POOL__ARG_MEMBER_(...) POOL__ARG_MEMBER__(__VA_ARGS__)
#define POOL__ARG_MEMBER__(type, name, ...) type name;

/* Lists with commas, for up to 16 arguments. */
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
