/* Items without data: what a function learns of them is their index. */
#include <limits.h>
#include <signal.h>

#include "support/deadline.h"
#include "support/host.h"
#include "support/ledger.h"
#include "support/outcome.h"
#include "support/work.h"
#include "support/world.h"

enum { COUNT = 3000 };

static struct ledger *runs;

static int cube(const void *item, void *result, pool_task_t *task)
{
    int64_t i = (int64_t)pool_task_index(task);
    if (item)
        return 1;
    *(int64_t *)result = i * i * i;
    return 0;
}

static int mark(const void *item, void *result, pool_task_t *task)
{
    if (item || result)
        return 1;
    ledger_mark(runs, pool_task_index(task));
    return 0;
}

static int crash_at_some(const void *item, void *result, pool_task_t *task)
{
    if (pool_task_index(task) % 500 == 77)
        raise(SIGKILL);
    return cube(item, result, task);
}

static void check_cubes(const int64_t *results, size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_true(results[i] == (int64_t)(i * i * i));
}

/* ---- Calls ---- */

static void a_map_over_a_range_gives_the_indices(void **state)
{
    static const size_t counts[] = {0, 1, 2, 63, COUNT}, chunks[] = {0, 1, 7, 2 * COUNT};
    (void)state;
    pool_t *pool = world_pool(3);
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        for (size_t j = 0; j < sizeof chunks / sizeof chunks[0]; j++) {
            int64_t results[COUNT] = {0};
            pool_map_options_t options = {.chunksize = chunks[j]};
            assert_int_equal(
                pool_map_with(pool, cube, POOL_RANGE(counts[i]), POOL_OUT(results), &options), 0);
            check_cubes(results, counts[i]);
        }
}

static void a_range_needs_no_results(void **state)
{
    (void)state;
    runs = ledger_make(COUNT);
    pool_t *pool = world_pool(2);
    assert_int_equal(pool_map(pool, mark, POOL_RANGE(COUNT), POOL_NONE), 0);
    assert_true(ledger_all_within(runs, 1, 1));
    assert_int_equal(pool_apply(pool, mark, POOL_RANGE(1), POOL_NONE), 0);
    assert_int_equal(ledger_count(runs, 0), 2);
}

static void results_may_be_shared(void **state)
{
    (void)state;
    pool_t *pool = world_pool(2);
    int64_t *results = pool_shared_alloc(pool, COUNT, sizeof *results);
    assert_int_equal(pool_map(pool, cube, POOL_RANGE(COUNT), POOL_OUT(results)), 0);
    check_cubes(results, COUNT);
}

static void a_future_may_be_over_a_range(void **state)
{
    int64_t results[COUNT] = {0};
    pool_future_t *future;
    (void)state;
    pool_t *pool = world_pool(2);
    assert_int_equal(
        pool_map_async(pool, cube, POOL_RANGE(COUNT), POOL_OUT(results), NULL, &future), 0);
    assert_int_equal(pool_future_get(future, -1), 0);
    check_cubes(results, COUNT);
    pool_future_free(future);
}

static void check_iteration(pool_t *pool, bool ordered)
{
    pool_source_t source = {.in = POOL_RANGE(COUNT)};
    pool_iterator_t *iterator;
    int64_t result, taken = 0;
    int got = ordered
                  ? pool_imap(pool, cube, &source, POOL_RESULT(int64_t), NULL, &iterator)
                  : pool_imap_unordered(pool, cube, &source, POOL_RESULT(int64_t), NULL, &iterator);
    assert_int_equal(got, 0);
    while ((got = pool_next(iterator, &result, -1)) == 1) {
        int64_t i = (int64_t)pool_next_index(iterator);
        assert_true(!ordered || i == taken);
        assert_true(result == i * i * i);
        taken++;
    }
    assert_int_equal(got, 0);
    assert_int_equal(taken, COUNT);
    pool_iterator_free(iterator);
}

static void an_iterator_may_be_over_a_range(void **state)
{
    (void)state;
    pool_t *pool = world_pool(2);
    check_iteration(pool, true);
    check_iteration(pool, false);
}

static void a_crash_costs_its_index(void **state)
{
    int64_t results[COUNT] = {0};
    (void)state;
    pool_t *pool = world_pool(2);
    assert_int_equal(pool_map(pool, crash_at_some, POOL_RANGE(COUNT), POOL_OUT(results)), 6);
    for (size_t i = 0; i < COUNT; i++)
        if (i % 500 == 77)
            outcome_is(pool, i, POOL_CRASHED, SIGKILL);
        else
            assert_true(results[i] == (int64_t)(i * i * i));
}

/* ---- What is no range ---- */

static int negate(int number)
{
    return -number;
}
POOL_FUNCTION(negate, int, (int, number));

static void mistakes_are_no_ranges(void **state)
{
    int64_t results[4] = {0};
    int numbers[4] = {0};
    const void *nothing = NULL, *something = results;
    pool_source_t source = {.in = POOL_RANGE(4), .next = host_no_item};
    pool_iterator_t *iterator;
    (void)state;
    pool_t *pool = world_pool(1);
    assert_int_equal(
        pool_map(pool, cube, pool_in(nothing, 4, 0, &pool_type_plain), POOL_OUT(results)),
        POOL_ENODATA);
    assert_int_equal(
        pool_map(pool, cube, pool_in(nothing, 0, 0, &pool_type_plain), POOL_OUT(results)),
        POOL_EITEMSIZE);
    assert_int_equal(
        pool_map(pool, cube, pool_in(something, 4, 0, &pool_type_plain), POOL_OUT(results)),
        POOL_EITEMSIZE);
    assert_int_equal(pool_map(pool, cube, POOL_RANGE(4), POOL_OUT((int64_t *)NULL)), POOL_ENODATA);
    assert_int_equal(pool_map(pool, cube, POOL_RANGE(SIZE_MAX / 4), POOL_OUT(results)),
                     POOL_EOVERFLOW);
    assert_int_equal(pool_map(pool, &negate_function, POOL_RANGE(4), POOL_OUT(numbers)),
                     POOL_ENODATA);
    assert_int_equal(pool_imap(pool, cube, &source, POOL_RESULT(int64_t), NULL, &iterator),
                     POOL_EITEMSIZE);
    outcome_pool_works(pool);
}

/* ---- Ranges without end ---- */

static int count_item(const void *item, void *count, pool_task_t *task)
{
    (void)item, (void)task;
    if (count)
        ++*(int64_t *)count;
    return 0;
}

/* Of so many errors some are told, and all are counted. */
static void check_errors(pool_future_t *future, pool_error_kind_t kind)
{
    const pool_error_t *errors;
    int64_t began = deadline_now();
    assert_int_equal(pool_future_get(future, -1), INT_MAX);
    assert_true(deadline_kept(began, 3000));
    size_t told = pool_future_errors(future, &errors);
    assert_in_range(told, POOL_ERRORS_MAX, POOL_ERRORS_MAX + 1000); /* single ones are all kept */
    for (size_t i = 0; i < told; i += 1000)
        assert_int_equal(errors[i].kind, kind);
    pool_future_free(future);
}

static void an_endless_range_can_be_ended(void **state)
{
    const pool_in_t endless = POOL_RANGE(SIZE_MAX / 2);
    pool_map_options_t brief = {.timeout = 10};
    pool_future_t *future;
    int64_t count = 0;
    (void)state;
    pool_t *pool = world_pool(2);
    assert_int_equal(pool_fold_async(pool, count_item, work_merge_int64, endless, POOL_OUT(&count),
                                     &brief, &future),
                     0);
    check_errors(future, POOL_TIMED_OUT);
    brief.chunksize = SIZE_MAX;
    assert_int_equal(pool_map_async(pool, count_item, endless, POOL_NONE, &brief, &future), 0);
    check_errors(future, POOL_TIMED_OUT);
    brief = (pool_map_options_t){.chunksize = 10};
    assert_int_equal(pool_fold_async(pool, count_item, work_merge_int64, endless, POOL_OUT(&count),
                                     &brief, &future),
                     0);
    assert_int_equal(pool_future_cancel(future, -1), 0);
    check_errors(future, POOL_CANCELLED);
    assert_int_equal(pool_fold_async(pool, count_item, work_merge_int64, endless, POOL_OUT(&count),
                                     &brief, &future),
                     0);
    int64_t began = deadline_now();
    assert_int_equal(pool_terminate(pool), 0);
    assert_true(deadline_kept(began, 3000));
    assert_int_equal(pool_future_get(future, 0), POOL_ECLOSED);
    pool_future_free(future);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(a_map_over_a_range_gives_the_indices),
        WORLD_TEST(a_range_needs_no_results),
        WORLD_TEST(results_may_be_shared),
        WORLD_TEST(a_future_may_be_over_a_range),
        WORLD_TEST(an_iterator_may_be_over_a_range),
        WORLD_TEST(a_crash_costs_its_index),
        WORLD_TEST(mistakes_are_no_ranges),
        WORLD_TEST(an_endless_range_can_be_ended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
