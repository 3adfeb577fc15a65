/* pool_map() over plain elements of every size, from a byte to many megabytes: the bytes arrive,
 * and the memory that functions see is what the manual says. */
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "support/deadline.h"
#include "support/outcome.h"
#include "support/world.h"

enum { MIB = 1 << 20 };

/* Of the elements of the map at hand; set before its pool is made. */
static size_t item_size, result_size;

/* What an element of an array from malloc() is aligned to at least. */
static size_t alignment(size_t size)
{
    size_t lowest_bit = size & (~size + 1);
    return lowest_bit < alignof(max_align_t) ? lowest_bit : alignof(max_align_t);
}

static bool all_zero(const unsigned char *bytes, size_t size)
{
    return size == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, size - 1) == 0);
}

/* Fills the result with bytes that depend on all of the item's. */
static int digest(const void *item, void *result, pool_task_t *task)
{
    const unsigned char *in = item;
    unsigned char *out = result;
    uint64_t sum = 1469598103934665603u;
    if (task &&
        ((uintptr_t)item % alignment(item_size) || (uintptr_t)result % alignment(result_size)))
        return 2;
    if (!all_zero(out, result_size))
        return 3;
    for (size_t i = 0; i < item_size; i++)
        sum = (sum ^ in[i]) * 1099511628211u;
    for (size_t i = 0; i < result_size; i++)
        out[i] = (unsigned char)(sum >> i % 8 * 8) ^ (unsigned char)i;
    return 0;
}

static void fill(unsigned char *bytes, size_t size)
{
    uint32_t state = 1;
    for (size_t i = 0; i < size; i++) {
        state = state * 1664525 + 1013904223;
        bytes[i] = (unsigned char)(state >> 24);
    }
}

static void check_sizes(size_t of_item, size_t of_result, size_t count)
{
    item_size = of_item;
    result_size = of_result;
    unsigned char *items = malloc(count * of_item), *results = malloc(count * of_result);
    unsigned char *expected = malloc(count * of_result);
    fill(items, count * of_item);
    pool_in_t in = pool_in(items, count, of_item, &pool_type_plain);
    pool_t *pool = world_pool(2);
    outcome_sequential(digest, in, pool_out(expected, of_result, &pool_type_plain));
    for (size_t chunksize = 0; chunksize <= 5; chunksize += 5) {
        pool_map_options_t options = {.chunksize = chunksize};
        memset(results, 0xee, count * of_result);
        assert_int_equal(pool_map_with(pool, digest, in,
                                       pool_out(results, of_result, &pool_type_plain), &options),
                         0);
        assert_memory_equal(results, expected, count * of_result);
    }
    world_free(pool);
    free(items);
    free(results);
    free(expected);
}

static void items_of_every_size(void **state)
{
    static const size_t sizes[] = {1,  2,  3,  4,  7,   8,    15,   16,   17,    24,
                                   48, 63, 64, 65, 100, 4095, 4096, 4097, 65536, 262145};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        check_sizes(sizes[i], 8, 101);
}

static void results_of_every_size(void **state)
{
    static const size_t sizes[] = {1,  2,  3,  5,  8,   16,   31,   32,   33,    48,
                                   64, 65, 96, 97, 100, 4095, 4096, 4097, 65536, 262145};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        check_sizes(8, sizes[i], 101);
}

static void items_and_results_of_odd_sizes(void **state)
{
    static const size_t sizes[] = {1, 3, 100, 4097};
    (void)state;
    for (size_t i = 0; i < 4; i++)
        for (size_t k = 0; k < 4; k++)
            check_sizes(sizes[i], sizes[k], 1003);
}

static void items_and_results_of_a_mebibyte(void **state)
{
    (void)state;
    check_sizes(MIB, MIB, deadline_valgrind() ? 3 : 16);
    check_sizes(MIB - 1, MIB + 1, 3);
}

/* Looks at a byte in each page. */
static int touch(const void *item, void *result, pool_task_t *task)
{
    const unsigned char *bytes = item;
    uint64_t sum = 0;
    (void)task;
    for (size_t i = 0; i < item_size; i += 4096)
        sum = sum * 31 + bytes[i];
    *(uint64_t *)result = sum;
    return 0;
}

static void items_of_32_mebibytes(void **state)
{
    enum { COUNT = 4 };
    uint64_t results[COUNT], expected[COUNT];
    (void)state;
    item_size = 32u * MIB;
    unsigned char *items = world_alloc(COUNT, item_size);
    for (size_t i = 0; i < COUNT * item_size; i += 4096)
        items[i] = (unsigned char)(i / 4096 * 7);
    pool_in_t in = pool_in(items, COUNT, item_size, &pool_type_plain);
    outcome_sequential(touch, in, POOL_OUT(expected));
    assert_int_equal(pool_map(world_pool(2), touch, in, POOL_OUT(results)), 0);
    assert_memory_equal(results, expected, sizeof results);
}

static int scribble(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    (void)task;
    memset(result, 0xff, result_size);
    return 0;
}

static int expect_zeros(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    (void)task;
    return !all_zero(result, result_size);
}

/* The memory that one map's results were in is used again by the next. */
static void result_memory_starts_zeroed_after_other_results(void **state)
{
    static const size_t sizes[] = {1, 8, 33, 1000, 300000};
    (void)state;
    unsigned char *results = world_alloc(50, 300000), *items = world_alloc(50, 1);
    pool_in_t in = POOL_IN(items, 50);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        result_size = sizes[i];
        pool_out_t out = pool_out(results, result_size, &pool_type_plain);
        pool_t *pool = world_pool(2);
        for (int round = 0; round < 3; round++) {
            assert_int_equal(pool_map(pool, scribble, in, out), 0);
            assert_true(results[0] == 0xff && results[50 * result_size - 1] == 0xff);
            assert_int_equal(pool_map(pool, expect_zeros, in, out), 0);
            assert_true(all_zero(results, 50 * result_size));
        }
        world_free(pool);
    }
}

static int echo(const void *item, void *result, pool_task_t *task)
{
    (void)task;
    memcpy(result, item, item_size);
    return 0;
}

/* All of the items together are larger than what is copied to the workers at a time. */
static void many_megabytes_pass_through(void **state)
{
    (void)state;
    const size_t count = deadline_valgrind() ? 40 : 200;
    item_size = MIB + 3;
    unsigned char *items = world_alloc(count, item_size), *results = world_alloc(count, item_size);
    for (size_t i = 0; i < count * item_size; i += 1000)
        items[i] = (unsigned char)(i / 1000);
    pool_in_t in = pool_in(items, count, item_size, &pool_type_plain);
    pool_out_t out = pool_out(results, item_size, &pool_type_plain);
    assert_int_equal(pool_map(world_pool(3), echo, in, out), 0);
    assert_true(memcmp(items, results, count * item_size) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(items_of_every_size),
        WORLD_TEST(results_of_every_size),
        WORLD_TEST(items_and_results_of_odd_sizes),
        WORLD_TEST(items_and_results_of_a_mebibyte),
        WORLD_TEST(items_of_32_mebibytes),
        WORLD_TEST(result_memory_starts_zeroed_after_other_results),
        WORLD_TEST(many_megabytes_pass_through),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
