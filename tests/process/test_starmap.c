/* pool_starmap() and pool_map() over typed functions: every number of arguments, every kind of
 * argument, functions that return nothing or fail. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/ledger.h"
#include "support/outcome.h"
#include "support/world.h"

enum { COUNT = 200 };

static const size_t chunks[] = {0, 1, 7, COUNT};
enum { CHUNKS = sizeof chunks / sizeof chunks[0] };

/* ---- 1 to 16 arguments: T are their types, P parameters, A as POOL_FUNCTION has them, S a sum in
 * which each has a weight of its own, V the values of row i ---- */

static char *const words[] = {"", "a", "ab", "abc", "abcd", "abcde", "abcdef"};

#define WORD(i) words[(i) % 7]
#define NUMBER(i, k) ((i) * (k) % 101)

#define P1 signed char a
#define P2 P1, int64_t b
#define P3 P2, short c
#define P4 P3, double d
#define P5 P4, unsigned char e
#define P6 P5, int f
#define P7 P6, float g
#define P8 P7, long double h
#define P9 P8, const char *j
#define P10 P9, char k
#define P11 P10, char *l
#define P12 P11, unsigned short m
#define P13 P12, size_t n
#define P14 P13, bool o
#define P15 P14, uint32_t p
#define P16 P15, double q

#define A1 (signed char, a)
#define A2 A1, (int64_t, b)
#define A3 A2, (short, c)
#define A4 A3, (double, d)
#define A5 A4, (unsigned char, e)
#define A6 A5, (int, f)
#define A7 A6, (float, g)
#define A8 A7, (long double, h)
#define A9 A8, (const char *, j)
#define A10 A9, (char, k)
#define A11 A10, (char *, l)
#define A12 A11, (unsigned short, m)
#define A13 A12, (size_t, n)
#define A14 A13, (bool, o)
#define A15 A14, (uint32_t, p)
#define A16 A15, (double, q)

#define S1 1.0 * a
#define S2 S1 + 2.0 * (double)b
#define S3 S2 + 3.0 * c
#define S4 S3 + 5.0 * d
#define S5 S4 + 7.0 * e
#define S6 S5 + 11.0 * f
#define S7 S6 + 13.0 * (double)g
#define S8 S7 + 17.0 * (double)h
#define S9 S8 + 19.0 * (double)strlen(j)
#define S10 S9 + 23.0 * k
#define S11 S10 + 29.0 * (double)strlen(l)
#define S12 S11 + 31.0 * m
#define S13 S12 + 37.0 * (double)n
#define S14 S13 + 41.0 * o
#define S15 S14 + 43.0 * p
#define S16 S15 + 47.0 * q

#define V1 (signed char)NUMBER(i, 1)
#define V2 V1, (int64_t)NUMBER(i, 2)
#define V3 V2, (short)NUMBER(i, 3)
#define V4 V3, (double)NUMBER(i, 4)
#define V5 V4, (unsigned char)NUMBER(i, 5)
#define V6 V5, (int)NUMBER(i, 6)
#define V7 V6, (float)NUMBER(i, 7)
#define V8 V7, (long double)NUMBER(i, 8)
#define V9 V8, WORD(i)
#define V10 V9, (char)NUMBER(i, 10)
#define V11 V10, WORD(i + 3)
#define V12 V11, (unsigned short)NUMBER(i, 12)
#define V13 V12, NUMBER(i, 13)
#define V14 V13, i % 3 == 0
#define V15 V14, (uint32_t)NUMBER(i, 15)
#define V16 V15, (double)NUMBER(i, 16)

/* A function of n arguments, and whether its map gives what calls give. */
#define FUNCTION_OF(n)                                                                             \
    static double sum##n(P##n)                                                                     \
    {                                                                                              \
        return S##n;                                                                               \
    }                                                                                              \
    POOL_FUNCTION(sum##n, double, A##n);                                                           \
    static void check_sum##n(pool_t *pool, size_t chunksize)                                       \
    {                                                                                              \
        struct sum##n##_args rows[COUNT];                                                          \
        double results[COUNT];                                                                     \
        const pool_map_options_t options = {.chunksize = chunksize};                               \
        for (size_t i = 0; i < COUNT; i++)                                                         \
            rows[i] = (struct sum##n##_args){V##n};                                                \
        assert_int_equal(                                                                          \
            pool_starmap_with(pool, &sum##n##_function, rows, COUNT, results, &options), 0);       \
        for (size_t i = 0; i < COUNT; i++)                                                         \
            assert_true(results[i] == sum##n(V##n));                                               \
    }

FUNCTION_OF(1)
FUNCTION_OF(2)
FUNCTION_OF(3)
FUNCTION_OF(4)
FUNCTION_OF(5)
FUNCTION_OF(6)
FUNCTION_OF(7)
FUNCTION_OF(8)
FUNCTION_OF(9)
FUNCTION_OF(10)
FUNCTION_OF(11)
FUNCTION_OF(12)
FUNCTION_OF(13)
FUNCTION_OF(14)
FUNCTION_OF(15)
FUNCTION_OF(16)

static void functions_of_1_to_16_arguments(void **state)
{
    static void (*const checks[])(pool_t *, size_t) = {
        check_sum1,  check_sum2,  check_sum3,  check_sum4,  check_sum5,  check_sum6,
        check_sum7,  check_sum8,  check_sum9,  check_sum10, check_sum11, check_sum12,
        check_sum13, check_sum14, check_sum15, check_sum16,
    };
    (void)state;
    pool_t *pool = world_pool(2);
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++)
        for (size_t k = 0; k < CHUNKS; k++)
            checks[i](pool, chunks[k]);
}

/* ---- Functions of libraries ---- */

POOL_FUNCTION(pow, double, (double, x), (double, y));
POOL_FUNCTION(strcmp, int, (const char *, a), (const char *, b));

static void functions_of_libraries(void **state)
{
    struct pow_args powers[COUNT];
    struct strcmp_args pairs[COUNT];
    double results[COUNT];
    int orders[COUNT];
    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        powers[i] = (struct pow_args){(double)i / 3, (double)(i % 5) - 2};
        pairs[i] = (struct strcmp_args){WORD(i), WORD(i / 7)};
    }
    pool_t *pool = world_pool(2);
    assert_int_equal(pool_starmap(pool, &pow_function, powers, COUNT, results), 0);
    assert_int_equal(pool_starmap(pool, &strcmp_function, pairs, COUNT, orders), 0);
    for (size_t i = 0; i < COUNT; i++) {
        assert_true(results[i] == pow(powers[i].x, powers[i].y));
        assert_true((orders[i] > 0) == (strcmp(pairs[i].a, pairs[i].b) > 0));
        assert_true((orders[i] < 0) == (strcmp(pairs[i].a, pairs[i].b) < 0));
    }
}

/* ---- Arguments that are no plain data ---- */

struct point {
    double x, y;
    char *name;
};
POOL_STRUCT(point, (x), (y), (name));

static double score(struct point at, const double *values, const double *weights, unsigned char n,
                    pool_bytes_t bytes, const struct point *others, int32_t count)
{
    double sum = at.x - at.y + (double)strlen(at.name);
    for (unsigned i = 0; i < n; i++)
        sum += values[i] * weights[i];
    for (size_t i = 0; i < bytes.size; i++)
        sum += ((unsigned char *)bytes.data)[i];
    for (int i = 0; i < count; i++)
        sum +=
            others[i].x * i + others[i].y + (others[i].name ? (double)strlen(others[i].name) : 7);
    return n == 0 && values ? NAN : sum;
}
POOL_FUNCTION(score, double, (struct point, at, as, &point_type),
              (const double *, values, counted_by, n), (const double *, weights, counted_by, n),
              (unsigned char, n), (pool_bytes_t, bytes),
              (const struct point *, others, counted_by, count, &point_type), (int32_t, count));

static struct score_args score_row(size_t i)
{
    static double numbers[300];
    static struct point points[12];
    for (size_t k = 0; k < 300; k++)
        numbers[k] = (double)(k * k % 19);
    for (size_t k = 0; k < 12; k++)
        points[k] = (struct point){(double)k, 2, k % 3 ? WORD(k) : NULL};
    return (struct score_args){.at = {(double)i, 3, WORD(i)},
                               .values = numbers,
                               .weights = numbers + i % 40,
                               .n = (unsigned char)(i % 256),
                               .bytes = {i % 4 ? numbers : NULL, i % 4 ? i : 0},
                               .others = points,
                               .count = (int)(i % 13)};
}

static double call_score(const struct score_args *a)
{
    return score(a->at, a->n ? a->values : NULL, a->weights, a->n, a->bytes, a->others, a->count);
}

static void structs_arrays_and_blobs_as_arguments(void **state)
{
    struct score_args rows[COUNT];
    double results[COUNT];
    (void)state;
    for (size_t i = 0; i < COUNT; i++)
        rows[i] = score_row(i);
    pool_t *pool = world_pool(2);
    for (size_t k = 0; k < CHUNKS; k++) {
        pool_map_options_t options = {.chunksize = chunks[k]};
        memset(results, 0xff, sizeof results);
        assert_int_equal(pool_starmap_with(pool, &score_function, rows, COUNT, results, &options),
                         0);
        for (size_t i = 0; i < COUNT; i++)
            assert_true(results[i] == call_score(&rows[i]));
    }
}

static void a_negative_count_fails_its_row(void **state)
{
    struct score_args rows[3] = {score_row(4), score_row(5), score_row(6)};
    double results[3];
    (void)state;
    pool_t *pool = world_pool(1);
    rows[1].count = -1;
    assert_int_equal(pool_starmap(pool, &score_function, rows, 3, results), 1);
    outcome_is(pool, 1, POOL_FAILED, -EINVAL);
    assert_string_equal(outcome_of(pool, 1)->message, "the item could not be packed");
    assert_true(results[0] == call_score(&rows[0]) && results[2] == call_score(&rows[2]));
}

/* ---- No result ---- */

static struct ledger *ledger;

static void mark(size_t item, const char *word)
{
    for (size_t i = 0; i < strlen(word); i++)
        ledger_mark(ledger, item);
}
POOL_FUNCTION(mark, void, (size_t, item), (const char *, word));

static void functions_without_result(void **state)
{
    struct mark_args rows[COUNT];
    (void)state;
    ledger = ledger_make(COUNT);
    for (size_t i = 0; i < COUNT; i++)
        rows[i] = (struct mark_args){i, i % 2 ? "ab" : "abc"};
    pool_t *pool = world_pool(2);
    assert_int_equal(pool_starmap(pool, &mark_function, rows, COUNT, NULL), 0);
    assert_int_equal(pool_map(pool, &mark_function, POOL_IN(rows, COUNT), POOL_NONE), 0);
    for (size_t i = 0; i < COUNT; i++)
        assert_int_equal(ledger_count(ledger, i), i % 2 ? 4 : 6);
}

/* ---- Functions that can fail ---- */

enum { UNTOUCHED = -77 };

static int divide(int a, const char *word, int *result, pool_task_t *task)
{
    int length = (int)strlen(word);
    *result = 1;
    if (length == 0)
        return pool_fail(task, EDOM, "%d by nothing, row %zu", a, pool_task_index(task));
    if (length == 6)
        return -5;
    *result = a / length;
    return 0;
}
POOL_FALLIBLE(divide, int, (int, a), (const char *, word));

static void check_quotients(const pool_t *pool, const struct divide_args *rows, const int *results)
{
    char message[64];
    for (size_t i = 0; i < COUNT; i++) {
        int length = (int)strlen(rows[i].word);
        if (length > 0 && length < 6) {
            assert_int_equal(results[i], rows[i].a / length);
            continue;
        }
        outcome_is(pool, i, POOL_FAILED, length ? -5 : EDOM);
        snprintf(message, sizeof message, "%d by nothing, row %zu", rows[i].a, i);
        assert_string_equal(outcome_of(pool, i)->message, length ? "" : message);
        assert_int_equal(results[i], UNTOUCHED);
    }
}

static int count_bad(const struct divide_args *rows)
{
    int bad = 0;
    for (size_t i = 0; i < COUNT; i++)
        bad += rows[i].word[0] == '\0' || strlen(rows[i].word) == 6;
    return bad;
}

static void rows_that_fail_cost_themselves_only(void **state)
{
    struct divide_args rows[COUNT];
    int results[COUNT];
    (void)state;
    for (size_t i = 0; i < COUNT; i++)
        rows[i] = (struct divide_args){(int)i * 100, WORD(i)};
    pool_t *pool = world_pool(2);
    for (size_t k = 0; k < CHUNKS; k++) {
        pool_map_options_t options = {.chunksize = chunks[k]};
        for (size_t i = 0; i < COUNT; i++)
            results[i] = UNTOUCHED;
        assert_int_equal(pool_starmap_with(pool, &divide_function, rows, COUNT, results, &options),
                         count_bad(rows));
        outcome_errors_in_order(pool, COUNT, (size_t)count_bad(rows));
        check_quotients(pool, rows, results);
    }
}

/* ---- pool_map() over rows ---- */

static void a_map_takes_a_typed_function(void **state)
{
    struct divide_args rows[COUNT];
    int results[COUNT];
    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        rows[i] = (struct divide_args){(int)i, WORD(i)};
        results[i] = UNTOUCHED;
    }
    pool_t *pool = world_pool(2);
    pool_map_options_t options = {.chunksize = 3};
    pool_in_t in = POOL_IN(rows, COUNT);
    assert_int_equal(pool_map(pool, &divide_function, in, POOL_OUT(results)), count_bad(rows));
    check_quotients(pool, rows, results);
    for (size_t i = 0; i < COUNT; i++)
        results[i] = UNTOUCHED;
    in = POOL_IN_AS(rows, COUNT, &divide_args_type);
    assert_int_equal(pool_map_with(pool, &divide_function, in, POOL_OUT(results), &options),
                     count_bad(rows));
    check_quotients(pool, rows, results);
}

static void plain_rows_may_lie_in_shared_arrays(void **state)
{
    (void)state;
    pool_t *pool = world_pool(2);
    struct pow_args *rows = pool_shared_alloc(pool, COUNT, sizeof *rows);
    double *results = pool_shared_alloc(pool, COUNT, sizeof *results);
    assert_non_null(rows);
    assert_non_null(results);
    for (size_t i = 0; i < COUNT; i++)
        rows[i] = (struct pow_args){(double)i, 2};
    assert_int_equal(pool_starmap(pool, &pow_function, rows, COUNT, results), 0);
    for (size_t i = 0; i < COUNT; i++)
        assert_true(results[i] == (double)(i * i));
}

static void no_rows_are_a_success(void **state)
{
    struct pow_args rows[1];
    double results[1];
    (void)state;
    pool_t *pool = world_pool(1);
    assert_int_equal(pool_starmap(pool, &pow_function, rows, 0, results), 0);
    assert_int_equal(pool_errors(pool, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(functions_of_1_to_16_arguments),
        WORLD_TEST(functions_of_libraries),
        WORLD_TEST(structs_arrays_and_blobs_as_arguments),
        WORLD_TEST(a_negative_count_fails_its_row),
        WORLD_TEST(functions_without_result),
        WORLD_TEST(rows_that_fail_cost_themselves_only),
        WORLD_TEST(a_map_takes_a_typed_function),
        WORLD_TEST(plain_rows_may_lie_in_shared_arrays),
        WORLD_TEST(no_rows_are_a_success),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
