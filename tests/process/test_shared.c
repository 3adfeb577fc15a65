/* Arrays in memory that the host and the workers share. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "support/outcome.h"
#include "support/world.h"

enum { COUNT = 1000 };

static int add_one(const void *item, void *result, pool_task_t *task)
{
    (void)task;
    *(int64_t *)result = *(const int64_t *)item + 1;
    return 0;
}

static void count_up(int64_t *array)
{
    for (int64_t i = 0; i < COUNT; i++)
        array[i] = i;
}

static void check_successors(const int64_t *array, int64_t by)
{
    for (int64_t i = 0; i < COUNT; i++)
        assert_true(array[i] == i + by);
}

static void shared_memory_is_zeroed_and_aligned(void **state)
{
    (void)state;
    pool_t *pool = world_pool(1);
    for (size_t size = 1; size < 200000; size = size * 3 + 1) {
        unsigned char *memory = pool_shared_alloc(pool, 3, size);
        assert_non_null(memory);
        assert_int_equal((uintptr_t)memory % 64, 0);
        for (size_t i = 0; i < 3 * size; i++)
            assert_int_equal(memory[i], 0);
        memset(memory, 0xff, 3 * size);
        if (size % 2)
            pool_shared_free(pool, memory); /* the others end with the pool */
    }
}

static void no_shared_memory_of_size_0_or_without_room(void **state)
{
    (void)state;
    pool_t *pool = world_pool(1);
    assert_null(pool_shared_alloc(pool, 0, 8));
    assert_null(pool_shared_alloc(pool, 8, 0));
    assert_null(pool_shared_alloc(pool, SIZE_MAX / 2, 3));
    assert_null(pool_shared_alloc(pool, SIZE_MAX / 4, 1));
    assert_null(pool_shared_alloc(NULL, 1, 8));
    pool_shared_free(pool, NULL);
    pool_shared_free(NULL, NULL);
    outcome_pool_works(pool);
}

static void items_results_or_both_may_be_shared(void **state)
{
    int64_t own_items[COUNT], own_results[COUNT] = {0};
    (void)state;
    pool_t *pool = world_pool(2);
    int64_t *items = pool_shared_alloc(pool, COUNT, sizeof *items);
    int64_t *results = pool_shared_alloc(pool, COUNT, sizeof *results);
    count_up(own_items);
    count_up(items);
    assert_int_equal(pool_map(pool, add_one, POOL_IN(items, COUNT), POOL_OUT(own_results)), 0);
    check_successors(own_results, 1);
    assert_int_equal(pool_map(pool, add_one, POOL_IN(own_items, COUNT), POOL_OUT(results)), 0);
    check_successors(results, 1);
    assert_int_equal(pool_map(pool, add_one, POOL_IN(results, COUNT), POOL_OUT(items)), 0);
    check_successors(items, 2);
    check_successors(results, 1);
}

static void results_may_take_the_place_of_the_items(void **state)
{
    (void)state;
    pool_t *pool = world_pool(3);
    int64_t *array = pool_shared_alloc(pool, COUNT, sizeof *array);
    count_up(array);
    for (size_t round = 1; round <= 50; round++) {
        pool_map_options_t options = {.chunksize = round % 9};
        assert_int_equal(
            pool_map_with(pool, add_one, POOL_IN(array, COUNT), POOL_OUT(array), &options), 0);
        check_successors(array, (int64_t)round);
    }
}

static void a_part_of_a_shared_array_is_shared_too(void **state)
{
    (void)state;
    pool_t *pool = world_pool(2);
    int64_t *array = pool_shared_alloc(pool, COUNT + 10, sizeof *array);
    count_up(array + 5);
    int64_t *part = array + 5;
    assert_int_equal(pool_map(pool, add_one, POOL_IN(part, COUNT), POOL_OUT(part)), 0);
    check_successors(part, 1);
    for (int i = 0; i < 5; i++)
        assert_true(array[i] == 0 && array[COUNT + 5 + i] == 0);
}

/* Results that stick out of a shared array are copied, never written outside. */
static void an_array_that_ends_outside_is_copied(void **state)
{
    (void)state;
    pool_t *pool = world_pool(2), *other = world_pool(2);
    int64_t *array = pool_shared_alloc(pool, COUNT, sizeof *array);
    int64_t *results = pool_shared_alloc(other, COUNT, sizeof *results);
    count_up(array);
    assert_int_equal(pool_map(other, add_one, POOL_IN(array, COUNT), POOL_OUT(results)), 0);
    check_successors(results, 1);
    assert_int_equal(pool_map(other, add_one, POOL_IN(array, COUNT), POOL_OUT(array)), 0);
    check_successors(array, 1);
}

/* What the function wrote stands; only its crash is reported. */
static int crash_sometimes(const void *item, void *result, pool_task_t *task)
{
    if (pool_task_index(task) % 100 == 50)
        raise(SIGKILL);
    return add_one(item, result, task);
}

static void a_crash_costs_one_element_of_a_shared_array(void **state)
{
    (void)state;
    pool_t *pool = world_pool(2);
    int64_t *array = pool_shared_alloc(pool, COUNT, sizeof *array);
    count_up(array);
    assert_int_equal(pool_map(pool, crash_sometimes, POOL_IN(array, COUNT), POOL_OUT(array)), 10);
    for (int64_t i = 0; i < COUNT; i++)
        assert_true(array[i] == (i % 100 == 50 ? i : i + 1));
    for (size_t i = 50; i < COUNT; i += 100)
        outcome_is(pool, i, POOL_CRASHED, SIGKILL);
}

static void freed_shared_memory_is_used_again(void **state)
{
    const uintptr_t size = 4 << 20;
    (void)state;
    pool_t *pool = world_pool(1);
    uintptr_t first = (uintptr_t)pool_shared_alloc(pool, size, 1), low = first, high = first;
    for (int i = 0; i < 500; i++) {
        unsigned char *memory = pool_shared_alloc(pool, size, 1);
        assert_non_null(memory);
        assert_int_equal(memory[i], 0);
        memset(memory, 1, 1000);
        low = (uintptr_t)memory < low ? (uintptr_t)memory : low;
        high = (uintptr_t)memory > high ? (uintptr_t)memory : high;
        pool_shared_free(pool, memory);
    }
    assert_true(high - low < 10 * size);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(shared_memory_is_zeroed_and_aligned),
        WORLD_TEST(no_shared_memory_of_size_0_or_without_room),
        WORLD_TEST(items_results_or_both_may_be_shared),
        WORLD_TEST(results_may_take_the_place_of_the_items),
        WORLD_TEST(a_part_of_a_shared_array_is_shared_too),
        WORLD_TEST(an_array_that_ends_outside_is_copied),
        WORLD_TEST(a_crash_costs_one_element_of_a_shared_array),
        WORLD_TEST(freed_shared_memory_is_used_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
