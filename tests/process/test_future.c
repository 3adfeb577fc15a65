/* Futures: what they give is what the blocking calls give, whoever waits, for how long, in whatever
 * order, or not at all. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "support/deadline.h"
#include "support/gate.h"
#include "support/ledger.h"
#include "support/outcome.h"
#include "support/work.h"
#include "support/world.h"

enum { ITEMS = 1000, LONG = 10000 };

static struct gate *gate;
static struct ledger *executions;

static int triple_behind_gate(const void *item, void *result, pool_task_t *task)
{
    if (!gate_pass(gate))
        return 1;
    return work_triple(item, result, task);
}

static int triple_and_mark(const void *item, void *result, pool_task_t *task)
{
    ledger_mark(executions, pool_task_index(task));
    return work_triple(item, result, task);
}

/* Every third fails, every hundredth crashes. */
static int fail_or_triple(const void *item, void *result, pool_task_t *task)
{
    int value = *(const int *)item;
    if (value % 100 == 50)
        raise(SIGKILL);
    if (value % 3 == 0)
        return pool_fail(task, value + 1, "no multiples: %d", value);
    return work_triple(item, result, task);
}

static int *numbers(size_t count)
{
    int *items = world_alloc(count, sizeof *items);
    for (size_t i = 0; i < count; i++)
        items[i] = (int)i;
    return items;
}

static void are_triples(const int *results, size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_int_equal(results[i], 3 * (int)i);
}

static pool_future_t *start(pool_t *pool, pool_function_t function, size_t count, int *results)
{
    pool_future_t *future = NULL;
    pool_in_t in = POOL_IN(numbers(count), count);
    assert_int_equal(pool_map_async(pool, function, in, POOL_OUT(results), NULL, &future), 0);
    assert_non_null(future);
    return future;
}

/* ---- Results ---- */

static void an_async_map_gives_what_a_map_gives(void **state)
{
    static const size_t counts[] = {0, 1, 2, 7, ITEMS}, chunks[] = {0, 1, 20, ITEMS + 1};
    int results[ITEMS];
    (void)state;
    pool_t *pool = world_pool(3);
    for (size_t n = 0; n < 20; n++) {
        size_t count = counts[n / 4];
        pool_map_options_t options = {.chunksize = chunks[n % 4]};
        pool_future_t *future;
        memset(results, 0, sizeof results);
        pool_in_t in = POOL_IN(numbers(ITEMS), count);
        assert_int_equal(
            pool_map_async(pool, work_triple, in, POOL_OUT(results), &options, &future), 0);
        assert_int_equal(pool_future_get(future, -1), 0);
        are_triples(results, count);
        pool_future_free(future);
    }
}

static double scaled(double value, int times)
{
    return value * times;
}

POOL_FUNCTION(scaled, double, (double, value), (int, times));

static void an_async_starmap_gives_what_a_starmap_gives(void **state)
{
    struct scaled_args rows[ITEMS];
    double results[ITEMS];
    pool_future_t *future;
    (void)state;
    for (int i = 0; i < ITEMS; i++)
        rows[i] = (struct scaled_args){i / 2.0, i};
    pool_t *pool = world_pool(2);
    pool_map_options_t options = {.chunksize = 20};
    assert_int_equal(
        pool_starmap_async(pool, &scaled_function, rows, ITEMS, results, &options, &future), 0);
    assert_int_equal(pool_future_get(future, -1), 0);
    for (int i = 0; i < ITEMS; i++)
        assert_true(results[i] == i / 2.0 * i);
    pool_future_free(future);
}

static void apply_runs_one_item(void **state)
{
    int item = 14, result = 0;
    pool_future_t *future;
    (void)state;
    pool_t *pool = world_pool(2);
    assert_int_equal(pool_apply(pool, work_triple, POOL_IN(&item, 1), POOL_OUT(&result)), 0);
    assert_int_equal(result, 42);
    result = 0;
    assert_int_equal(
        pool_apply_async(pool, work_triple, POOL_IN(&item, 1), POOL_OUT(&result), NULL, &future),
        0);
    assert_int_equal(pool_future_get(future, -1), 0);
    assert_int_equal(result, 42);
    pool_future_free(future);
}

static int greet(const void *item, void *result, pool_task_t *task)
{
    const char *name = *(const char *const *)item;
    size_t size = strlen(name) + 8;
    char *text = pool_task_alloc(task, size);
    snprintf(text, size, "Hello, %s", name);
    *(char **)result = text;
    return 0;
}

static void texts_travel_in_async_calls_too(void **state)
{
    const char *names[3] = {"Ada", "", "Grace"};
    char *greetings[3];
    pool_future_t *future;
    (void)state;
    pool_t *pool = world_pool(2);
    assert_int_equal(
        pool_map_async(pool, greet, POOL_IN(names, 3), POOL_OUT(greetings), NULL, &future), 0);
    assert_int_equal(pool_future_get(future, -1), 0);
    assert_string_equal(greetings[0], "Hello, Ada");
    assert_string_equal(greetings[1], "Hello, ");
    assert_string_equal(greetings[2], "Hello, Grace");
    pool_release(&pool_type_text, greetings, 3);
    pool_future_free(future);
}

/* Also while all workers are busy. */
static void calls_of_no_items_end_at_once(void **state)
{
    int results[8];
    struct scaled_args rows[1];
    double scales[1];
    (void)state;
    gate = gate_make();
    pool_t *pool = world_pool(2);
    pool_future_t *busy = start(pool, triple_behind_gate, 8, results), *none[2];
    for (size_t chunksize = 0; chunksize < 3; chunksize++) {
        pool_map_options_t options = {.chunksize = chunksize};
        pool_in_t in = POOL_IN(results, 0);
        assert_int_equal(
            pool_map_async(pool, work_triple, in, POOL_OUT(results), &options, &none[0]), 0);
        assert_int_equal(
            pool_starmap_async(pool, &scaled_function, rows, 0, scales, &options, &none[1]), 0);
        assert_int_equal(pool_wait(none, 2, POOL_WAIT_ALL, LONG), 2);
        for (int i = 0; i < 2; i++) {
            assert_true(pool_future_successful(none[i]));
            assert_int_equal(pool_future_errors(none[i], NULL), 0);
            pool_future_free(none[i]);
        }
    }
    assert_false(pool_future_ready(busy));
    gate_open(gate);
    assert_int_equal(pool_future_get(busy, -1), 0);
    pool_future_free(busy);
}

/* ---- Waiting ---- */

static void waiting_stops_in_time_and_the_items_go_on(void **state)
{
    int results[8];
    (void)state;
    gate = gate_make();
    pool_t *pool = world_pool(2);
    pool_future_t *future = start(pool, triple_behind_gate, 8, results);
    int64_t began = deadline_now();
    assert_int_equal(pool_future_wait(future, 0), -ETIMEDOUT);
    assert_true(deadline_now() - began < 100 * deadline_slowness());
    assert_int_equal(pool_future_get(future, 200), -ETIMEDOUT);
    int64_t took = deadline_now() - began;
    assert_true(took >= 199 && took < 199 + 300 * deadline_slowness());
    gate_open(gate);
    assert_int_equal(pool_future_get(future, LONG * deadline_slowness()), 0);
    are_triples(results, 8);
    pool_future_free(future);
}

static void ready_and_successful_tell_the_truth(void **state)
{
    int results[10];
    (void)state;
    gate = gate_make();
    pool_t *pool = world_pool(2);
    pool_future_t *good = start(pool, triple_behind_gate, 10, results);
    assert_false(pool_future_ready(good));
    assert_false(pool_future_successful(good));
    gate_open(gate);
    assert_int_equal(pool_future_wait(good, -1), 0);
    assert_true(pool_future_ready(good));
    assert_true(pool_future_successful(good));
    pool_future_t *bad = start(pool, fail_or_triple, 10, results);
    assert_int_equal(pool_future_wait(bad, -1), 0);
    assert_true(pool_future_ready(bad));
    assert_false(pool_future_successful(bad));
    assert_int_equal(pool_future_get(bad, 0), 4);
    assert_int_equal(pool_future_get(bad, 0), 4);
    pool_future_free(good);
    pool_future_free(bad);
}

/* ---- Errors ---- */

static void check_errors(pool_future_t *future, const int *results)
{
    const pool_error_t *errors = NULL;
    size_t count = pool_future_errors(future, &errors), next = 0;
    for (int i = 0; i < ITEMS; i++) {
        bool crashes = i % 100 == 50, fails = !crashes && i % 3 == 0;
        assert_int_equal(results[i], crashes || fails ? -7 : 3 * i);
        if (!crashes && !fails)
            continue;
        assert_true(next < count);
        assert_int_equal(errors[next].index, i);
        assert_int_equal(errors[next].kind, crashes ? POOL_CRASHED : POOL_FAILED);
        assert_int_equal(errors[next].code, crashes ? SIGKILL : i + 1);
        next++;
    }
    assert_int_equal(next, count);
    assert_int_equal(pool_future_errors(future, NULL), count);
}

static void a_future_has_all_its_errors_in_order(void **state)
{
    int results[2][ITEMS];
    (void)state;
    pool_t *pool = world_pool(3);
    memset(results, 0, sizeof results);
    for (int i = 0; i < 2 * ITEMS; i++)
        results[i / ITEMS][i % ITEMS] = -7;
    pool_future_t *one = start(pool, fail_or_triple, ITEMS, results[0]);
    pool_future_t *other = start(pool, fail_or_triple, ITEMS, results[1]);
    assert_int_equal(pool_future_errors(one, NULL), 0);
    int failed = pool_future_get(one, -1);
    assert_int_equal(failed, pool_future_errors(one, NULL));
    check_errors(one, results[0]);
    outcome_pool_works(pool); /* its errors are its own */
    assert_int_equal(pool_future_get(other, -1), failed);
    check_errors(other, results[1]);
    check_errors(one, results[0]);
    pool_future_free(one);
    pool_future_free(other);
}

/* ---- Many ---- */

static void many_futures_are_waited_for_and_freed_in_any_order(void **state)
{
    enum { MANY = 50, EACH = 40 };
    static int results[MANY][EACH];
    pool_future_t *futures[MANY];
    (void)state;
    pool_t *pool = world_pool(3);
    for (size_t round = 0; round < 3; round++) {
        memset(results, 0, sizeof results);
        int *items = numbers(EACH);
        for (size_t i = 0; i < MANY; i++)
            assert_int_equal(pool_map_async(pool, work_triple, POOL_IN(items, EACH),
                                            POOL_OUT(results[i]), NULL, &futures[i]),
                             0);
        for (size_t i = 0; i < MANY; i++) {
            size_t place = (i * 17 + round) % MANY; /* 17 and 50 have no common factor */
            assert_int_equal(pool_future_get(futures[place], -1), 0);
            are_triples(results[place], EACH);
            pool_future_free(futures[place]);
        }
    }
}

static void futures_freed_before_they_end_run_all_the_same(void **state)
{
    static int results[2][ITEMS];
    (void)state;
    executions = ledger_make(ITEMS);
    pool_t *pool = world_pool(2);
    pool_future_free(start(pool, triple_and_mark, ITEMS, results[0]));
    pool_in_t in = POOL_IN(numbers(ITEMS), ITEMS);
    assert_int_equal(pool_map_async(pool, triple_and_mark, in, POOL_OUT(results[1]), NULL, NULL),
                     0);
    assert_int_equal(pool_close(pool), 0);
    assert_int_equal(pool_join(pool), 0);
    are_triples(results[0], ITEMS);
    are_triples(results[1], ITEMS);
    assert_true(ledger_all_within(executions, 2, 2));
}

static void no_future_at_all_may_be_freed(void **state)
{
    (void)state;
    pool_future_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(an_async_map_gives_what_a_map_gives),
        WORLD_TEST(an_async_starmap_gives_what_a_starmap_gives),
        WORLD_TEST(apply_runs_one_item),
        WORLD_TEST(texts_travel_in_async_calls_too),
        WORLD_TEST(calls_of_no_items_end_at_once),
        WORLD_TEST(waiting_stops_in_time_and_the_items_go_on),
        WORLD_TEST(ready_and_successful_tell_the_truth),
        WORLD_TEST(a_future_has_all_its_errors_in_order),
        WORLD_TEST(many_futures_are_waited_for_and_freed_in_any_order),
        WORLD_TEST(futures_freed_before_they_end_run_all_the_same),
        WORLD_TEST(no_future_at_all_may_be_freed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
