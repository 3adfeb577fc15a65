/* pool_map() over arrays of every length, with every number of workers and every size of chunk:
 * the results are those of a loop, and each item is run exactly once. */
#include <stdlib.h>
#include <string.h>

#include "support/deadline.h"
#include "support/ledger.h"
#include "support/outcome.h"
#include "support/world.h"

enum { MOST = 1000000 };

static struct ledger *executions;

static uint64_t scrambled(uint64_t value)
{
    value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9u;
    return value ^ value >> 27;
}

/* Item i holds i. */
static int scramble(const void *item, void *result, pool_task_t *task)
{
    uint64_t value = *(const uint64_t *)item;
    if (task)
        ledger_mark(executions, value);
    *(uint64_t *)result = scrambled(value);
    return 0;
}

struct arrays {
    uint64_t *items, *results, *expected;
};

static struct arrays make_arrays(size_t count)
{
    struct arrays arrays = {world_alloc(count, 8), world_alloc(count + 1, 8),
                            world_alloc(count, 8)};
    for (size_t i = 0; i < count; i++)
        arrays.items[i] = i;
    outcome_sequential(scramble, POOL_IN(arrays.items, count), POOL_OUT(arrays.expected));
    return arrays;
}

/* Maps the first `count` items; results beyond them must not be touched. */
static void check_map(pool_t *pool, struct arrays arrays, size_t count, size_t chunksize)
{
    pool_map_options_t options = {.chunksize = chunksize};
    ledger_clear(executions);
    memset(arrays.results, 0xee, (count + 1) * 8);
    assert_int_equal(pool_map_with(pool, scramble, POOL_IN(arrays.items, count),
                                   POOL_OUT(arrays.results), &options),
                     0);
    assert_int_equal(pool_errors(pool, NULL), 0);
    assert_memory_equal(arrays.results, arrays.expected, count * 8);
    assert_true(arrays.results[count] == 0xeeeeeeeeeeeeeeee);
    assert_true(ledger_all_within(executions, 0, 1));
    assert_true(ledger_total(executions) == count);
}

static void results_do_not_depend_on_workers_or_chunks(void **state)
{
    static const int workers[] = {1, 2, 3, 8, 64};
    static const size_t counts[] = {0, 1, 2, 7, 1000};
    (void)state;
    executions = ledger_make(1000);
    struct arrays arrays = make_arrays(1000);
    for (size_t w = 0; w < sizeof workers / sizeof workers[0]; w++) {
        pool_t *pool = world_pool(workers[w]);
        for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
            size_t chunks[] = {0, 1, 7, counts[c], counts[c] + 1, SIZE_MAX};
            for (size_t k = 0; k < sizeof chunks / sizeof chunks[0]; k++)
                check_map(pool, arrays, counts[c], chunks[k]);
        }
        world_free(pool);
    }
}

static void check_many_items(int workers, size_t chunksize)
{
    size_t count = deadline_valgrind() ? 20000 : MOST;
    executions = ledger_make(count);
    struct arrays arrays = make_arrays(count);
    check_map(world_pool(workers), arrays, count, chunksize);
}

static void a_million_items_in_automatic_chunks(void **state)
{
    (void)state;
    check_many_items(2, 0);
}

static void a_million_items_one_by_one(void **state)
{
    (void)state;
    check_many_items(3, 1);
}

static void a_million_items_in_one_chunk(void **state)
{
    (void)state;
    check_many_items(2, MOST);
}

static void a_million_items_by_64_workers(void **state)
{
    (void)state;
    check_many_items(64, 7);
}

/* The last chunk of one map is the neighbour of the first one of the next. */
static void many_maps_in_a_row(void **state)
{
    (void)state;
    executions = ledger_make(50);
    struct arrays arrays = make_arrays(50);
    pool_t *pool = world_pool(3);
    for (size_t round = 0; round < 2000 / (size_t)deadline_slowness(); round++)
        check_map(pool, arrays, round % 50, round % 4);
}

/* Idle workers go to sleep: a map after a pause must wake them. */
static void maps_after_pauses(void **state)
{
    (void)state;
    executions = ledger_make(50);
    struct arrays arrays = make_arrays(50);
    pool_t *pool = world_pool(2);
    for (size_t round = 0; round < 50; round++) {
        int64_t end = deadline_now() + (int64_t)(round % 5);
        while (deadline_now() < end)
            ;
        check_map(pool, arrays, 1 + round % 3, 1);
    }
}

static void two_pools_at_once(void **state)
{
    (void)state;
    executions = ledger_make(100);
    struct arrays arrays = make_arrays(100);
    pool_t *one = world_pool(2), *other = world_pool(3);
    for (int round = 0; round < 50; round++) {
        check_map(one, arrays, 100, 3);
        check_map(other, arrays, 99, 5);
    }
    world_free(one);
    check_map(other, arrays, 100, 1);
}

static int run_nothing(const void *item, void *result, pool_task_t *task)
{
    (void)task;
    if (result)
        return 1;
    ledger_mark(executions, *(const uint64_t *)item);
    return 0;
}

static void a_map_without_results_gives_no_result_memory(void **state)
{
    (void)state;
    executions = ledger_make(1000);
    struct arrays arrays = make_arrays(1000);
    pool_t *pool = world_pool(2);
    assert_int_equal(pool_map(pool, run_nothing, POOL_IN(arrays.items, 1000), POOL_NONE), 0);
    assert_true(ledger_all_within(executions, 1, 1));
}

/* Writes its result, then fails for every third item. */
static int fail_some(const void *item, void *result, pool_task_t *task)
{
    (void)task;
    scramble(item, result, NULL);
    return *(const uint64_t *)item % 3 == 0 ? 5 : 0;
}

static void elements_of_failed_items_keep_their_bytes(void **state)
{
    static const size_t chunks[] = {0, 1, 7, 100};
    (void)state;
    struct arrays arrays = make_arrays(100);
    pool_t *pool = world_pool(2);
    memset(arrays.expected, 0xab, 100 * 8);
    pool_in_t in = POOL_IN(arrays.items, 100);
    assert_int_equal(outcome_sequential(fail_some, in, POOL_OUT(arrays.expected)), 34);
    for (size_t k = 0; k < sizeof chunks / sizeof chunks[0]; k++) {
        pool_map_options_t options = {.chunksize = chunks[k]};
        memset(arrays.results, 0xab, 100 * 8);
        assert_int_equal(pool_map_with(pool, fail_some, in, POOL_OUT(arrays.results), &options),
                         34);
        assert_memory_equal(arrays.results, arrays.expected, 100 * 8);
        outcome_errors_in_order(pool, 100, 34);
        outcome_is(pool, 99, POOL_FAILED, 5);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(results_do_not_depend_on_workers_or_chunks),
        WORLD_TEST(a_million_items_in_automatic_chunks),
        WORLD_TEST(a_million_items_one_by_one),
        WORLD_TEST(a_million_items_in_one_chunk),
        WORLD_TEST(a_million_items_by_64_workers),
        WORLD_TEST(many_maps_in_a_row),
        WORLD_TEST(maps_after_pauses),
        WORLD_TEST(two_pools_at_once),
        WORLD_TEST(a_map_without_results_gives_no_result_memory),
        WORLD_TEST(elements_of_failed_items_keep_their_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
