/* Bad input of the asynchronous calls: it is told, and nothing is run. */
#include <errno.h>
#include <string.h>

#include "support/ledger.h"
#include "support/outcome.h"
#include "support/subhost.h"
#include "support/world.h"

static struct ledger *executions;

static int items[2] = {1, 2}, results[2];

static int run(const void *item, void *result, pool_task_t *task)
{
    ledger_mark(executions, 0);
    (void)task;
    *(int *)result = 3 * *(const int *)item;
    return 0;
}

static int plus(int a, int b)
{
    return a + b;
}

POOL_FUNCTION(plus, int, (int, a), (int, b));

static pool_t *make_pool(void)
{
    executions = ledger_make(1);
    return world_pool(1);
}

/* What both ways of starting a map say. */
static int start(pool_t *pool, pool_function_t function, pool_in_t in, pool_out_t out)
{
    pool_future_t *future = NULL;
    int error = pool_map_async(pool, function, in, out, NULL, &future);
    assert_null(future);
    assert_int_equal(pool_map_async(pool, function, in, out, NULL, NULL), error);
    return error;
}

static void bad_calls_are_refused_as_by_map(void **state)
{
    (void)state;
    pool_t *pool = make_pool();
    pool_in_t in = POOL_IN(items, 2), none = in, flat = in, huge = in;
    pool_out_t out = POOL_OUT(results), empty = out;
    none.data = NULL;
    flat.size = 0;
    huge.count = SIZE_MAX / 2;
    empty.data = NULL;
    assert_int_equal(start(NULL, run, in, out), POOL_ENOPOOL);
    assert_int_equal(start(pool, NULL, in, out), POOL_ENOFUNCTION);
    assert_int_equal(start(pool, run, none, out), POOL_ENODATA);
    assert_int_equal(start(pool, run, in, empty), POOL_ENODATA);
    assert_int_equal(start(pool, run, flat, out), POOL_EITEMSIZE);
    assert_int_equal(start(pool, run, huge, out), POOL_EOVERFLOW);
    in.type = NULL;
    assert_int_equal(start(pool, run, in, out), POOL_ETYPE);
    assert_int_equal(ledger_total(executions), 0);
    outcome_pool_works(pool);
}

static void apply_takes_exactly_one_item(void **state)
{
    pool_future_t *future = NULL;
    (void)state;
    pool_t *pool = make_pool();
    for (size_t count = 0; count < 3; count += 2) {
        pool_in_t in = POOL_IN(items, count);
        assert_int_equal(pool_apply(pool, run, in, POOL_OUT(results)), POOL_EOPTION);
        assert_int_equal(pool_apply_async(pool, run, in, POOL_OUT(results), NULL, &future),
                         POOL_EOPTION);
    }
    assert_null(future);
    assert_int_equal(ledger_total(executions), 0);
    assert_int_equal(pool_apply(NULL, run, POOL_IN(items, 1), POOL_OUT(results)), POOL_ENOPOOL);
}

static void a_starmap_needs_rows_and_a_function(void **state)
{
    struct plus_args rows[1] = {{1, 2}};
    pool_future_t *future = NULL;
    (void)state;
    pool_t *pool = make_pool();
    assert_int_equal((pool_starmap_async)(pool, NULL, rows, 1, results, NULL, &future),
                     POOL_ENOFUNCTION);
    const pool_callable_t *callable = &plus_function.callable;
    assert_int_equal((pool_starmap_async)(NULL, callable, rows, 1, results, NULL, &future),
                     POOL_ENOPOOL);
    assert_int_equal((pool_starmap_async)(pool, callable, NULL, 1, results, NULL, &future),
                     POOL_ENODATA);
    assert_int_equal((pool_starmap_async)(pool, callable, rows, 1, NULL, NULL, &future),
                     POOL_ENODATA);
    assert_null(future);
}

static int no_item(void *context, void *item)
{
    (void)context;
    (void)item;
    return 0;
}

/* What both kinds of iteration say. */
static int iterate(pool_t *pool, pool_function_t function, const pool_source_t *source,
                   pool_out_t result)
{
    pool_iterator_t *iterator = NULL;
    int error = pool_imap(pool, function, source, result, NULL, &iterator);
    assert_int_equal(pool_imap_unordered(pool, function, source, result, NULL, &iterator), error);
    assert_null(iterator);
    return error;
}

static void bad_iterations_are_refused(void **state)
{
    (void)state;
    pool_t *pool = make_pool();
    pool_out_t result = POOL_RESULT(int);
    pool_source_t source = {.in = POOL_IN(items, 2)}, none = source, flat = source;
    none.in.data = NULL;
    flat.in.size = 0;
    assert_int_equal(iterate(NULL, run, &source, result), POOL_ENOPOOL);
    assert_int_equal(iterate(pool, NULL, &source, result), POOL_ENOFUNCTION);
    assert_true(iterate(pool, run, NULL, result) < 0);
    assert_int_equal(iterate(pool, run, &none, result), POOL_ENODATA);
    assert_int_equal(iterate(pool, run, &flat, result), POOL_EITEMSIZE);
    flat.next = no_item;
    assert_int_equal(iterate(pool, run, &flat, result), POOL_EITEMSIZE);
    assert_true(iterate(pool, run, &source, POOL_OUT(results)) < 0);
    assert_true(pool_imap(pool, run, &source, result, NULL, NULL) < 0);
    source.in.type = NULL;
    assert_int_equal(iterate(pool, run, &source, result), POOL_ETYPE);
    assert_int_equal(ledger_total(executions), 0);
    outcome_pool_works(pool);
}

static void nothing_to_ask_is_told(void **state)
{
    const pool_error_t *errors = NULL;
    int result;
    (void)state;
    assert_true(pool_future_wait(NULL, 0) < 0);
    assert_true(pool_future_get(NULL, 0) < 0);
    assert_true(pool_future_cancel(NULL, 0) < 0);
    assert_false(pool_future_ready(NULL));
    assert_false(pool_future_successful(NULL));
    assert_int_equal(pool_future_errors(NULL, &errors), 0);
    assert_true(pool_next(NULL, &result, 0) < 0);
    assert_int_equal(pool_next_index(NULL), 0);
    assert_null(pool_next_error(NULL));
    assert_int_equal(pool_step(NULL), POOL_ENOPOOL);
    assert_int_equal(pool_fileno(NULL), POOL_ENOPOOL);
    pool_future_free(NULL);
    pool_iterator_free(NULL);
}

/* All that can be asked of a future that was given back. */
static void check_freed(pool_future_t *freed)
{
    pool_future_t *set[1] = {freed}, *ready;
    const pool_error_t *errors;
    assert_int_equal(pool_future_wait(freed, -1), -EINVAL);
    assert_int_equal(pool_future_get(freed, -1), -EINVAL);
    assert_int_equal(pool_future_cancel(freed, 0), -EINVAL);
    assert_false(pool_future_ready(freed));
    assert_false(pool_future_successful(freed));
    assert_int_equal(pool_future_errors(freed, &errors), 0);
    assert_int_equal(pool_wait(set, 1, POOL_WAIT_ALL, -1), -EINVAL);
    assert_int_equal(pool_as_completed(set, 1, -1, &ready), -EINVAL);
    pool_future_free(freed);
}

static void a_freed_future_is_told_as_one(void **state)
{
    pool_future_t *ended, *running;
    (void)state;
    pool_t *pool = make_pool();
    for (int round = 0; round < 3; round++) {
        assert_int_equal(
            pool_map_async(pool, run, POOL_IN(items, 2), POOL_OUT(results), NULL, &ended), 0);
        assert_int_equal(pool_future_get(ended, -1), 0);
        assert_int_equal(
            pool_map_async(pool, run, POOL_IN(items, 2), POOL_OUT(results), NULL, &running), 0);
        pool_future_free(running);
        pool_future_free(ended);
        check_freed(running);
        check_freed(ended);
        outcome_pool_works(pool);
        check_freed(running);
    }
}

static void a_result_needs_a_place(void **state)
{
    pool_source_t source = {.in = POOL_IN(items, 2)};
    pool_iterator_t *iterator;
    int result;
    (void)state;
    pool_t *pool = make_pool();
    assert_int_equal(pool_imap(pool, run, &source, POOL_RESULT(int), NULL, &iterator), 0);
    assert_int_equal(pool_next(iterator, NULL, -1), POOL_ENODATA);
    assert_int_equal(pool_next(iterator, &result, -1), 1); /* nothing was skipped */
    assert_int_equal(result, 3);
    pool_iterator_free(iterator);
}

static void closed_pools_start_nothing(void **state)
{
    (void)state;
    pool_source_t source = {.in = POOL_IN(items, 2)};
    for (int forced = 0; forced < 2; forced++) {
        pool_t *pool = make_pool();
        assert_int_equal(forced ? pool_terminate(pool) : pool_close(pool), 0);
        assert_int_equal(start(pool, run, POOL_IN(items, 2), POOL_OUT(results)), POOL_ECLOSED);
        assert_int_equal(iterate(pool, run, &source, POOL_RESULT(int)), POOL_ECLOSED);
        assert_int_equal(pool_apply(pool, run, POOL_IN(items, 1), POOL_OUT(results)), POOL_ECLOSED);
        assert_int_equal(pool_step(pool), 0);
        assert_int_equal(pool_join(pool), 0);
        assert_int_equal(ledger_total(executions), 0);
    }
}

/* ---- In another process ---- */

struct inherited {
    pool_t *pool;
    pool_future_t *future;
    pool_iterator_t *iterator;
};

static void use_in_a_copy(void *argument)
{
    const struct inherited *inherited = argument;
    pool_future_t *future, *set[1] = {inherited->future};
    pool_in_t in = POOL_IN(items, 2);
    int result;
    SUBHOST_EQUAL(pool_map_async(inherited->pool, run, in, POOL_OUT(results), NULL, &future),
                  POOL_EFORKED);
    SUBHOST_EQUAL(pool_future_wait(inherited->future, 0), POOL_EFORKED);
    SUBHOST_EQUAL(pool_future_get(inherited->future, -1), POOL_EFORKED);
    SUBHOST_EQUAL(pool_future_cancel(inherited->future, 0), POOL_EFORKED);
    SUBHOST_EQUAL(pool_wait(set, 1, POOL_WAIT_ALL, -1), POOL_EFORKED);
    SUBHOST_EQUAL(pool_as_completed(set, 1, -1, &future), POOL_EFORKED);
    SUBHOST_EQUAL(pool_next(inherited->iterator, &result, -1), POOL_EFORKED);
    SUBHOST_EQUAL(pool_step(inherited->pool), POOL_EFORKED);
    SUBHOST_EQUAL(pool_fileno(inherited->pool), POOL_EFORKED);
    pool_future_free(inherited->future);
    pool_iterator_free(inherited->iterator);
}

static void copies_of_the_host_cannot_use_futures(void **state)
{
    pool_source_t source = {.in = POOL_IN(items, 2)};
    int result;
    (void)state;
    struct inherited ours = {.pool = make_pool()};
    assert_int_equal(
        pool_map_async(ours.pool, run, POOL_IN(items, 2), POOL_OUT(results), NULL, &ours.future),
        0);
    assert_int_equal(pool_imap(ours.pool, run, &source, POOL_RESULT(int), NULL, &ours.iterator), 0);
    assert_int_equal(subhost_wait(subhost_start(use_in_a_copy, &ours)), 0);
    assert_int_equal(pool_future_get(ours.future, -1), 0);
    assert_int_equal(pool_next(ours.iterator, &result, -1), 1);
    assert_int_equal(pool_next(ours.iterator, &result, -1), 1);
    assert_int_equal(results[1], 6);
    assert_int_equal(ledger_total(executions), 4);
    pool_future_free(ours.future);
    pool_iterator_free(ours.iterator);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(bad_calls_are_refused_as_by_map),
        WORLD_TEST(apply_takes_exactly_one_item),
        WORLD_TEST(a_starmap_needs_rows_and_a_function),
        WORLD_TEST(bad_iterations_are_refused),
        WORLD_TEST(nothing_to_ask_is_told),
        WORLD_TEST(a_freed_future_is_told_as_one),
        WORLD_TEST(a_result_needs_a_place),
        WORLD_TEST(closed_pools_start_nothing),
        WORLD_TEST(copies_of_the_host_cannot_use_futures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
