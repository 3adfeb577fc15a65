/* pool_task_seed(): a function of the call's seed and the item's index alone. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "support/ledger.h"
#include "support/outcome.h"
#include "support/world.h"

enum { ITEMS = 2000 };

static char items[ITEMS];
static uint64_t expected[ITEMS], results[ITEMS];

static int tell_seed(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    *(uint64_t *)result = pool_task_seed(task);
    return pool_task_seed(task) != *(uint64_t *)result;
}

static int tell_seed_or_crash(const void *item, void *result, pool_task_t *task)
{
    if (pool_task_index(task) % 300 == 150)
        raise(SIGKILL);
    return tell_seed(item, result, task);
}

static void map_seeds(pool_t *pool, uint64_t seed, uint64_t *seeds)
{
    pool_map_options_t options = {.seed = seed};
    assert_int_equal(
        pool_map_with(pool, tell_seed, POOL_IN(items, ITEMS), POOL_OUT(seeds), &options), 0);
}

static void seeds_do_not_depend_on_workers_chunks_or_crashes(void **state)
{
    static const int workers[] = {1, 2, 8};
    static const size_t chunks[] = {0, 1, 7, ITEMS};
    (void)state;
    map_seeds(world_pool(1), 42, expected);
    for (size_t k = 0; k < 12; k++) {
        pool_t *pool = world_pool(workers[k / 4]);
        pool_map_options_t options = {.seed = 42, .chunksize = chunks[k % 4]};
        memset(results, 0, sizeof results);
        int failed = pool_map_with(pool, tell_seed_or_crash, POOL_IN(items, ITEMS),
                                   POOL_OUT(results), &options);
        assert_int_equal(failed, 7);
        for (size_t i = 0; i < ITEMS; i++)
            assert_true(results[i] == (i % 300 == 150 ? 0 : expected[i]));
        world_free(pool);
    }
}

static void seeds_do_not_depend_on_the_kind_of_call(void **state)
{
    pool_map_options_t options = {.seed = 42};
    pool_future_t *future;
    pool_iterator_t *iterator;
    uint64_t seed;
    (void)state;
    pool_t *pool = world_pool(2);
    map_seeds(pool, 42, expected);
    assert_int_equal(pool_map_async(pool, tell_seed, POOL_IN(items, ITEMS), POOL_OUT(results),
                                    &options, &future),
                     0);
    assert_int_equal(pool_future_get(future, -1), 0);
    assert_memory_equal(results, expected, sizeof results);
    pool_future_free(future);
    pool_source_t source = {.in = POOL_IN(items, ITEMS)};
    assert_int_equal(
        pool_imap_unordered(pool, tell_seed, &source, POOL_RESULT(uint64_t), &options, &iterator),
        0);
    while (pool_next(iterator, &seed, -1) == 1)
        assert_true(seed == expected[pool_next_index(iterator)]);
    pool_iterator_free(iterator);
}

static int by_value(const void *a, const void *b)
{
    const uint64_t *left = a, *right = b;
    return (*left > *right) - (*left < *right);
}

static void seeds_of_different_items_and_calls_differ(void **state)
{
    static const uint64_t seeds[] = {0, 1, 2, 42, UINT64_MAX};
    static uint64_t all[5][ITEMS];
    (void)state;
    pool_t *pool = world_pool(2);
    for (size_t s = 0; s < 5; s++)
        map_seeds(pool, seeds[s], all[s]);
    qsort(all, 5 * ITEMS, sizeof all[0][0], by_value);
    for (size_t i = 1; i < 5 * ITEMS; i++)
        assert_true(all[0][0] != 0 && (&all[0][0])[i - 1] != (&all[0][0])[i]);
}

/* Each bit is set in about half of the seeds of neighbours. */
static void all_bits_of_seeds_vary(void **state)
{
    (void)state;
    map_seeds(world_pool(2), 0, results);
    for (int bit = 0; bit < 64; bit++) {
        uint64_t set = 0;
        for (size_t i = 0; i < ITEMS; i++)
            set += results[i] >> bit & 1;
        assert_true(set > ITEMS * 2 / 5 && set < ITEMS * 3 / 5);
    }
}

/* ---- In an initializer ---- */

struct seeds {
    uint64_t of_worker[4];
} * told;

static int store_seed(void *unused, void **state, pool_task_t *task)
{
    (void)unused;
    (void)state;
    told->of_worker[pool_task_worker(task)] = pool_task_seed(task);
    return 0;
}

static void initializers_have_seeds_of_their_workers(void **state)
{
    struct seeds before;
    (void)state;
    told = world_shared(sizeof *told);
    pool_options_t options = {.processes = 4, .initializer = store_seed};
    world_free(world_pool_with(&options));
    before = *told;
    memset(told, 0, sizeof *told);
    world_free(world_pool_with(&options));
    for (int i = 0; i < 4; i++) {
        assert_true(before.of_worker[i] == told->of_worker[i]);
        for (int j = 0; j < i; j++)
            assert_true(before.of_worker[i] != before.of_worker[j]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(seeds_do_not_depend_on_workers_chunks_or_crashes),
        WORLD_TEST(seeds_do_not_depend_on_the_kind_of_call),
        WORLD_TEST(seeds_of_different_items_and_calls_differ),
        WORLD_TEST(all_bits_of_seeds_vary),
        WORLD_TEST(initializers_have_seeds_of_their_workers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
