/* Cancelling: what has not started never will, what runs is told or killed, nobody else is hit. */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "process/cancel.h"
#include "support/deadline.h"
#include "support/gate.h"
#include "support/ledger.h"
#include "support/outcome.h"
#include "support/world.h"

static struct gate *gate;

static int wait_at_gate(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    ledger_mark(started, pool_task_index(task));
    if (!gate_pass(gate))
        return 1;
    *(size_t *)result = 3 * pool_task_index(task);
    ledger_mark(ended, pool_task_index(task));
    return 0;
}

static int sleep_for_ever(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    (void)result;
    ledger_mark(started, pool_task_index(task));
    for (;;)
        poll(NULL, 0, -1);
    return 0;
}

static pool_t *make_pool(void)
{
    gate = gate_make();
    cancel_prepare();
    return world_pool(WORKERS);
}

/* Starts a call, and waits until all workers run one of its items. */
static pool_future_t *start(pool_t *pool, pool_function_t function, size_t chunksize)
{
    pool_map_options_t options = {.chunksize = chunksize};
    pool_future_t *future = NULL;
    assert_int_equal(
        pool_map_async(pool, function, POOL_IN(items, ITEMS), POOL_OUT(results), &options, &future),
        0);
    assert_true(ledger_reaches(started, WORKERS, LONG));
    return future;
}

/* Items that ended have results, all others are listed as cancelled; there are `good` of them. */
static void check_cancelled(pool_future_t *future, size_t good)
{
    const pool_error_t *errors;
    assert_int_equal(pool_future_get(future, -1), ITEMS - (int)good);
    assert_false(pool_future_successful(future));
    assert_int_equal(pool_future_errors(future, &errors), ITEMS - good);
    cancel_check(errors);
}

static void queued_items_never_start(void **state)
{
    static const size_t chunks[] = {0, 1, 7, ITEMS / WORKERS};
    (void)state;
    for (size_t k = 0; k < 4; k++) {
        pool_t *pool = make_pool();
        pool_future_t *future = start(pool, wait_at_gate, chunks[k]);
        assert_int_equal(pool_future_cancel(future, -1), 0);
        assert_false(pool_future_ready(future));
        gate_open(gate);
        check_cancelled(future, WORKERS);
        assert_int_equal(ledger_total(started), WORKERS);
        outcome_pool_works(pool);
        assert_int_equal(pool_replaced(pool), 0);
        pool_future_free(future);
        world_free(pool);
    }
}

static void running_items_see_that_they_are_cancelled(void **state)
{
    (void)state;
    pool_t *pool = make_pool();
    pool_future_t *future = start(pool, cancel_awaited, 10);
    assert_int_equal(pool_future_cancel(future, -1), 0);
    check_cancelled(future, WORKERS);
    assert_int_equal(pool_replaced(pool), 0);
    pool_future_free(future);
}

static void items_that_end_within_the_grace_keep_their_workers(void **state)
{
    (void)state;
    pool_t *pool = make_pool();
    pool_future_t *future = start(pool, cancel_awaited, 1);
    assert_int_equal(pool_future_cancel(future, 3000), 0);
    check_cancelled(future, WORKERS);
    outcome_pool_works(pool);
    assert_int_equal(pool_replaced(pool), 0);
    pool_future_free(future);
}

/* Errors tell which items had started. */
static void check_attempts(pool_future_t *future)
{
    const pool_error_t *errors;
    size_t count = pool_future_errors(future, &errors);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(errors[i].attempt, ledger_count(started, errors[i].index));
}

static void check_killed(int grace, size_t chunksize)
{
    pool_t *pool = make_pool();
    pool_future_t *future = start(pool, sleep_for_ever, chunksize);
    int64_t began = deadline_now();
    assert_int_equal(pool_future_cancel(future, grace), 0);
    check_cancelled(future, 0);
    int64_t took = deadline_now() - began;
    assert_true(took >= grace - 1 && took < grace + 500 * deadline_slowness());
    assert_int_equal(ledger_total(started), WORKERS);
    check_attempts(future);
    assert_true(outcome_replaced(pool, WORKERS));
    outcome_pool_works(pool);
    pool_future_free(future);
    world_free(pool);
}

static void workers_that_do_not_obey_are_killed_and_replaced(void **state)
{
    (void)state;
    check_killed(0, 1);
    check_killed(0, ITEMS / WORKERS);
    check_killed(150, 0);
    check_killed(150, 1);
}

/* Items of another call are what killed workers would have taken next, and what living ones run. */
static void items_of_other_calls_are_not_hit(void **state)
{
    (void)state;
    pool_t *pool = make_pool();
    struct ledger *innocent_started = started, *innocent_ended = ended;
    for (int round = 0; round < 10; round++) {
        static size_t others[ITEMS];
        pool_map_options_t options = {.chunksize = 3};
        pool_future_t *innocent;
        ledger_clear(started);
        ledger_clear(ended);
        pool_future_t *victim = start(pool, sleep_for_ever, 1);
        assert_int_equal(pool_map_async(pool, cancel_awaited, POOL_IN(items, 1), POOL_OUT(others),
                                        &options, &innocent),
                         0);
        pool_future_cancel(innocent, -1); /* queued: never starts */
        pool_future_free(innocent);
        gate_open(gate);
        assert_int_equal(pool_map_async(pool, wait_at_gate, POOL_IN(items, ITEMS), POOL_OUT(others),
                                        &options, &innocent),
                         0);
        ledger_clear(innocent_started);
        assert_int_equal(pool_future_cancel(victim, 0), 0);
        assert_int_equal(pool_future_get(innocent, -1), 0);
        assert_true(ledger_all_within(innocent_started, 1, 1));
        assert_true(ledger_all_within(innocent_ended, 1, 1));
        assert_int_equal(pool_future_get(victim, -1), ITEMS);
        pool_future_free(victim);
        pool_future_free(innocent);
    }
    assert_true(outcome_replaced(pool, 10 * WORKERS));
}

static void what_has_ended_cannot_be_cancelled(void **state)
{
    (void)state;
    pool_t *pool = make_pool();
    gate_open(gate);
    pool_future_t *future = start(pool, wait_at_gate, 0);
    assert_int_equal(pool_future_get(future, -1), 0);
    assert_int_equal(pool_future_cancel(future, -1), -EALREADY);
    assert_int_equal(pool_future_cancel(future, 0), -EALREADY);
    assert_int_equal(pool_future_get(future, 0), 0);
    assert_true(pool_future_successful(future));
    pool_future_free(future);
}

struct answers {
    bool ready, successful;
    int got, cancelled;
};

static void check_answers(pool_future_t *future, struct answers expected)
{
    assert_int_equal(pool_future_ready(future), expected.ready);
    assert_int_equal(pool_future_successful(future), expected.successful);
    assert_int_equal(pool_future_get(future, 0), expected.got);
    assert_int_equal(pool_future_cancel(future, -1), expected.cancelled);
}

static void every_state_has_its_answers(void **state)
{
    pool_future_t *queued, *none;
    (void)state;
    pool_t *pool = make_pool();
    pool_future_t *running = start(pool, wait_at_gate, 1);
    pool_in_t in = POOL_IN(items, 1);
    assert_int_equal(pool_map_async(pool, wait_at_gate, in, POOL_NONE, NULL, &queued), 0);
    in.count = 0;
    assert_int_equal(pool_map_async(pool, wait_at_gate, in, POOL_NONE, NULL, &none), 0);
    check_answers(queued, (struct answers){false, false, -ETIMEDOUT, 0});
    assert_int_equal(pool_future_get(queued, LONG), 1); /* nobody was free to start it */
    check_answers(queued, (struct answers){true, false, 1, -EALREADY});
    check_answers(running, (struct answers){false, false, -ETIMEDOUT, 0});
    check_answers(running, (struct answers){false, false, -ETIMEDOUT, 0}); /* it does not obey */
    check_answers(none, (struct answers){true, true, 0, -EALREADY});
    gate_open(gate);
    check_cancelled(running, WORKERS);
    check_answers(running, (struct answers){true, false, ITEMS - WORKERS, -EALREADY});
    pool_future_free(none);
    pool_future_free(queued);
    pool_future_free(running);
}

static void a_second_cancel_may_be_harder_than_the_first(void **state)
{
    (void)state;
    pool_t *pool = make_pool();
    pool_future_t *future = start(pool, sleep_for_ever, 1);
    assert_int_equal(pool_future_cancel(future, -1), 0);
    assert_int_equal(pool_future_wait(future, 100), -ETIMEDOUT);
    assert_int_equal(pool_future_cancel(future, -1), 0);
    assert_int_equal(pool_future_wait(future, 100), -ETIMEDOUT);
    assert_int_equal(pool_future_cancel(future, 0), 0);
    check_cancelled(future, 0);
    assert_int_equal(pool_future_cancel(future, 0), -EALREADY);
    pool_future_free(future);
}

static void a_cancelled_future_may_be_freed_at_once(void **state)
{
    (void)state;
    pool_t *pool = make_pool();
    for (int i = 0; i < 20; i++) {
        ledger_clear(started);
        pool_future_t *future = start(pool, i % 2 ? sleep_for_ever : cancel_awaited, 0);
        assert_int_equal(pool_future_cancel(future, 0), 0);
        pool_future_free(future);
    }
    outcome_pool_works(pool);
}

/* Whatever the moment, each item has one end: its result, or its error. */
static int mark_both(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    ledger_mark(started, pool_task_index(task));
    *(size_t *)result = 3 * pool_task_index(task);
    return 0;
}

static void an_item_has_a_result_or_an_error_whenever_it_is_cancelled(void **state)
{
    (void)state;
    pool_t *pool = make_pool();
    for (int round = 0; round < 300 / deadline_slowness(); round++) {
        const pool_error_t *errors;
        pool_future_t *future;
        size_t next = 0;
        ledger_clear(started);
        memset(results, 0xff, sizeof results);
        pool_map_options_t options = {.chunksize = (size_t)round % 9};
        assert_int_equal(pool_map_async(pool, mark_both, POOL_IN(items, ITEMS), POOL_OUT(results),
                                        &options, &future),
                         0);
        for (int64_t spins = round % 50 * 1000; spins > 0; spins--)
            __asm__ volatile("");
        pool_future_cancel(future, round % 2 - 1);
        int failed = pool_future_get(future, -1);
        assert_int_equal(pool_future_errors(future, &errors), failed);
        for (size_t i = 0; i < ITEMS; i++) {
            bool bad = next < (size_t)failed && errors[next].index == i;
            next += bad;
            assert_true(results[i] == (bad ? SIZE_MAX : 3 * i));
        }
        assert_int_equal(next, failed);
        assert_true(ledger_all_within(started, 0, 1));
        pool_future_free(future);
    }
    outcome_pool_works(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(queued_items_never_start),
        WORLD_TEST(running_items_see_that_they_are_cancelled),
        WORLD_TEST(items_that_end_within_the_grace_keep_their_workers),
        WORLD_TEST(workers_that_do_not_obey_are_killed_and_replaced),
        WORLD_TEST(items_of_other_calls_are_not_hit),
        WORLD_TEST(what_has_ended_cannot_be_cancelled),
        WORLD_TEST(every_state_has_its_answers),
        WORLD_TEST(a_second_cancel_may_be_harder_than_the_first),
        WORLD_TEST(a_cancelled_future_may_be_freed_at_once),
        WORLD_TEST(an_item_has_a_result_or_an_error_whenever_it_is_cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
