/* What becomes of futures when their pool ends, breaks, or loses workers. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>

#include "support/deadline.h"
#include "support/gate.h"
#include "support/ledger.h"
#include "support/outcome.h"
#include "support/process.h"
#include "support/world.h"

enum { CALLS = 8, ITEMS = 100, LONG = 10000, PROMPT = 3000 };

static struct ledger *executions;
static struct gate *gate;

static int items[CALLS][ITEMS], results[CALLS][ITEMS];

struct record {
    int good, bad;
} records[CALLS];

static void on_success(pool_future_t *future, void *context)
{
    struct record *record = context;
    record->good++;
    (void)future;
}

static void on_failure(pool_future_t *future, void *context)
{
    struct record *record = context;
    record->bad++;
    (void)future;
}

static int triple(const void *item, void *result, pool_task_t *task)
{
    (void)task;
    ledger_mark(executions, (size_t) * (const int *)item);
    *(int *)result = 3 * *(const int *)item;
    return 0;
}

static int triple_behind_gate(const void *item, void *result, pool_task_t *task)
{
    return gate_pass(gate) ? triple(item, result, task) : 1;
}

static int sleep_for_ever(const void *item, void *result, pool_task_t *task)
{
    int code = triple(item, result, task);
    if (code)
        return code;
    for (;;)
        poll(NULL, 0, -1);
}

static pool_t *make_pool(int workers, size_t recycle)
{
    pool_options_t options = {.processes = workers, .maxtasksperchild = recycle};
    executions = ledger_make(CALLS * ITEMS);
    gate = gate_make();
    memset(results, 0, sizeof results);
    memset(records, 0, sizeof records);
    for (int i = 0; i < CALLS * ITEMS; i++)
        items[i / ITEMS][i % ITEMS] = i;
    return world_pool_with(&options);
}

static void start_all(pool_t *pool, pool_function_t function, pool_future_t **futures)
{
    for (size_t i = 0; i < CALLS; i++) {
        pool_map_options_t options = {.callback = on_success,
                                      .error_callback = on_failure,
                                      .context = &records[i],
                                      .chunksize = i};
        assert_int_equal(pool_map_async(pool, function, POOL_IN(items[i], ITEMS),
                                        POOL_OUT(results[i]), &options, &futures[i]),
                         0);
    }
}

static void free_all(pool_future_t **futures)
{
    for (size_t i = 0; i < CALLS; i++)
        pool_future_free(futures[i]);
}

/* Each item has a result or an error of this kind; returns how many have one. */
static int check_call(pool_future_t *future, size_t call, pool_error_kind_t kind)
{
    const pool_error_t *errors = NULL;
    size_t failed = pool_future_errors(future, &errors), next = 0;
    for (int i = 0; i < ITEMS; i++) {
        bool bad = next < failed && errors[next].index == (size_t)i;
        assert_int_equal(results[call][i], bad ? 0 : 3 * items[call][i]);
        if (bad)
            assert_int_equal(errors[next++].kind, kind);
    }
    assert_int_equal(next, failed);
    return (int)failed;
}

/* ---- In peace ---- */

static void check_finished(pool_future_t **futures)
{
    for (size_t i = 0; i < CALLS; i++) {
        assert_int_equal(pool_future_get(futures[i], 0), 0);
        assert_int_equal(check_call(futures[i], i, POOL_FAILED), 0);
        assert_int_equal(records[i].good, 1);
        assert_int_equal(records[i].bad, 0);
    }
    assert_true(ledger_all_within(executions, 1, 1));
}

static void close_and_join_finish_what_was_accepted(void **state)
{
    pool_future_t *futures[CALLS], *refused = NULL;
    (void)state;
    pool_t *pool = make_pool(3, 0);
    start_all(pool, triple_behind_gate, futures);
    assert_int_equal(pool_join(pool), POOL_EBUSY);
    assert_int_equal(pool_close(pool), 0);
    assert_int_equal(pool_map_async(pool, triple, POOL_IN(items[0], ITEMS), POOL_OUT(results[0]),
                                    NULL, &refused),
                     POOL_ECLOSED);
    assert_null(refused);
    gate_open(gate);
    assert_int_equal(pool_join(pool), 0);
    check_finished(futures);
    assert_int_equal(pool_join(pool), 0);
    free_all(futures);
}

static void close_while_workers_are_recycled_finishes_it_too(void **state)
{
    (void)state;
    for (size_t tasks = 1; tasks < 8; tasks += 3) {
        pool_future_t *futures[CALLS];
        pool_t *pool = make_pool(3, tasks);
        start_all(pool, triple, futures);
        assert_int_equal(pool_close(pool), 0);
        assert_int_equal(pool_join(pool), 0);
        check_finished(futures);
        assert_true(pool_replaced(pool) >= CALLS * ITEMS / tasks - 3);
        free_all(futures);
        world_free(pool);
    }
}

/* ---- By force ---- */

static void check_lost(pool_future_t **futures, int code)
{
    for (size_t i = 0; i < CALLS; i++) {
        assert_int_equal(pool_future_get(futures[i], PROMPT), code);
        assert_true(pool_future_ready(futures[i]));
        assert_false(pool_future_successful(futures[i]));
        assert_true(check_call(futures[i], i, POOL_LOST) > 0);
        assert_int_equal(records[i].good, 0);
        assert_int_equal(records[i].bad, 1);
    }
    assert_true(ledger_all_within(executions, 0, 1));
}

static void terminate_loses_what_had_not_ended(void **state)
{
    (void)state;
    for (int round = 0; round < 4; round++) {
        pool_future_t *futures[CALLS];
        pool_t *pool = make_pool(2, 0);
        start_all(pool, round % 2 ? triple_behind_gate : sleep_for_ever, futures);
        assert_true(round % 2 || ledger_reaches(executions, 2, LONG));
        int64_t began = deadline_now();
        assert_int_equal(pool_terminate(pool), 0);
        assert_true(deadline_now() - began < PROMPT * deadline_slowness());
        check_lost(futures, POOL_ECLOSED);
        for (size_t i = 0; i < CALLS && round > 1; i++)
            assert_int_equal(pool_future_cancel(futures[i], 0), -EALREADY);
        free_all(futures);
        world_free(pool);
    }
}

static void freeing_a_pool_ends_calls_without_a_future(void **state)
{
    pool_future_t *futures[CALLS];
    (void)state;
    pool_t *pool = make_pool(2, 0);
    start_all(pool, sleep_for_ever, futures);
    free_all(futures);
    int64_t began = deadline_now();
    world_free(pool);
    assert_true(deadline_now() - began < PROMPT * deadline_slowness());
    for (size_t i = 0; i < CALLS; i++)
        assert_int_equal(records[i].bad, 1);
}

static void futures_of_a_pool_without_supervisor_are_broken(void **state)
{
    pool_future_t *futures[CALLS], *refused;
    pid_t worker;
    (void)state;
    world_expect_orphans();
    pool_t *pool = make_pool(2, 0);
    start_all(pool, sleep_for_ever, futures);
    assert_true(ledger_reaches(executions, 2, LONG));
    assert_int_equal(pool_pids(pool, &worker, 1), 2);
    assert_true(process_kill(process_supervisor(worker)));
    int64_t began = deadline_now();
    assert_int_equal(pool_wait(futures, CALLS, POOL_WAIT_ALL, -1), CALLS);
    assert_true(deadline_now() - began < PROMPT * deadline_slowness());
    check_lost(futures, POOL_EBROKEN);
    assert_int_equal(pool_map_async(pool, triple, POOL_IN(items[0], ITEMS), POOL_OUT(results[0]),
                                    NULL, &refused),
                     POOL_EBROKEN);
    free_all(futures);
}

/* ---- Workers that die ---- */

static int kill_some(const void *item, void *result, pool_task_t *task)
{
    if (*(const int *)item % 40 == 20)
        raise(SIGKILL);
    return triple(item, result, task);
}

static void killed_workers_cost_their_items_alone(void **state)
{
    pool_future_t *futures[CALLS];
    (void)state;
    pool_t *pool = make_pool(3, 0);
    start_all(pool, kill_some, futures);
    for (size_t i = CALLS; i-- > 0;) {
        int failed = pool_future_get(futures[i], -1);
        assert_int_equal(check_call(futures[i], i, POOL_CRASHED), failed);
        assert_int_equal(failed, i % 2 ? 3 : 2);
    }
    assert_true(outcome_replaced(pool, CALLS * ITEMS / 40));
    free_all(futures);
}

static void idle_workers_killed_before_a_call_cost_nothing(void **state)
{
    enum { WORKERS = 3 };
    (void)state;
    for (int round = 0; round < 5; round++) {
        pool_future_t *futures[CALLS];
        pid_t pids[WORKERS];
        pool_t *pool = make_pool(WORKERS, 0);
        assert_int_equal(pool_pids(pool, pids, WORKERS), WORKERS);
        for (int i = 0; i < WORKERS; i++)
            kill(pids[i], SIGKILL);
        start_all(pool, triple, futures);
        assert_int_equal(pool_wait(futures, CALLS, POOL_WAIT_ALL, -1), CALLS);
        for (size_t i = 0; i < CALLS; i++)
            assert_int_equal(pool_future_get(futures[i], 0),
                             check_call(futures[i], i, POOL_CRASHED));
        assert_true(ledger_total(executions) >= CALLS * ITEMS - WORKERS);
        free_all(futures);
        world_free(pool);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(close_and_join_finish_what_was_accepted),
        WORLD_TEST(close_while_workers_are_recycled_finishes_it_too),
        WORLD_TEST(terminate_loses_what_had_not_ended),
        WORLD_TEST(freeing_a_pool_ends_calls_without_a_future),
        WORLD_TEST(futures_of_a_pool_without_supervisor_are_broken),
        WORLD_TEST(killed_workers_cost_their_items_alone),
        WORLD_TEST(idle_workers_killed_before_a_call_cost_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
