/* Initializers and finalizers: where they run, how often, and what a failing one means. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/deadline.h"
#include "support/gate.h"
#include "support/ledger.h"
#include "support/outcome.h"
#include "support/world.h"

enum { WORKERS = 3 };

static struct ledger *starts, *ends; /* by worker number */

struct host_state {
    int secret;
};

/* In the worker: each has one of its own. */
struct worker_state {
    int worker;
    int secret;
};

static int initialize(void *initargs, void **state, pool_task_t *task)
{
    static struct worker_state own;
    if (pool_task_index(task) != 0)
        return 1;
    own.worker = pool_task_worker(task);
    own.secret = ((struct host_state *)initargs)->secret;
    ledger_mark(starts, (size_t)own.worker);
    *state = &own;
    return 0;
}

static void finalize(void *state)
{
    ledger_mark(ends, (size_t)((struct worker_state *)state)->worker);
}

/* Tells the secret; item 1 crashes. */
static int tell_secret(const void *item, void *result, pool_task_t *task)
{
    const struct worker_state *own = pool_task_state(task);
    if (own->worker != pool_task_worker(task))
        return 1;
    if (*(const int *)item == 1)
        abort();
    *(int *)result = own->secret;
    return 0;
}

static struct host_state host_state;

static pool_t *make_pool(void)
{
    starts = ledger_make(WORKERS);
    ends = ledger_make(WORKERS);
    host_state.secret = 42;
    pool_options_t options = {.processes = WORKERS,
                              .initializer = initialize,
                              .initargs = &host_state,
                              .finalizer = finalize,
                              .grace = 10000};
    return world_pool_with(&options);
}

static void the_initializer_runs_once_in_each_worker(void **state)
{
    int items[100] = {0}, results[100];
    (void)state;
    pool_t *pool = make_pool();
    assert_true(ledger_all_within(starts, 1, 1));
    host_state.secret = 43; /* workers have the value of before */
    for (int round = 0; round < 3; round++) {
        assert_int_equal(pool_map(pool, tell_secret, POOL_IN(items, 100), POOL_OUT(results)), 0);
        for (int i = 0; i < 100; i++)
            assert_int_equal(results[i], 42);
    }
    assert_true(ledger_all_within(starts, 1, 1));
}

static void the_initializer_runs_in_replacements(void **state)
{
    int items[100] = {0}, results[100];
    (void)state;
    pool_t *pool = make_pool();
    for (int i = 0; i < 100; i += 10)
        items[i] = 1;
    assert_int_equal(pool_map(pool, tell_secret, POOL_IN(items, 100), POOL_OUT(results)), 10);
    for (int i = 0; i < 100; i++)
        if (i % 10)
            assert_int_equal(results[i], 42);
    assert_true(outcome_replaced(pool, 10));
    world_free(pool); /* waits for those that are being born */
    assert_in_range(ledger_total(starts), WORKERS + 7, WORKERS + 10);
    assert_true(ledger_total(ends) <= WORKERS);
}

/* ---- Finalizers ---- */

static void the_finalizer_runs_once_in_each_worker_that_leaves(void **state)
{
    (void)state;
    pool_t *pool = make_pool();
    assert_true(ledger_all_within(ends, 0, 0));
    assert_int_equal(pool_close(pool), 0);
    assert_int_equal(pool_join(pool), 0);
    assert_true(ledger_all_within(ends, 1, 1));
    world_free(pool);
    assert_true(ledger_all_within(ends, 1, 1));
}

static void the_finalizer_runs_when_an_open_pool_is_freed(void **state)
{
    (void)state;
    world_free(make_pool());
    assert_true(ledger_all_within(ends, 1, 1));
}

static void the_finalizer_does_not_run_in_terminated_workers(void **state)
{
    (void)state;
    pool_t *pool = make_pool();
    assert_int_equal(pool_terminate(pool), 0);
    world_free(pool);
    assert_true(ledger_all_within(ends, 0, 0));
}

static void finalize_for_ever(void *state)
{
    (void)state;
    signal(SIGTERM, SIG_IGN);
    for (;;)
        pause();
}

static void finalize_badly(void *state)
{
    (void)state;
    abort();
}

static void finalize_by_exit(void *state)
{
    (void)state;
    exit(3);
}

static void check_end_with(pool_finalizer_t finalizer)
{
    pool_options_t options = {.processes = 2, .finalizer = finalizer, .grace = 200};
    pool_t *pool = world_pool_with(&options);
    int64_t began = deadline_now();
    assert_int_equal(pool_close(pool), 0);
    assert_int_equal(pool_join(pool), 0);
    world_free(pool);
    assert_true(deadline_kept(began, 5000));
}

static void bad_finalizers_do_not_hold_up_the_end(void **state)
{
    (void)state;
    check_end_with(finalize_for_ever);
    check_end_with(finalize_badly);
    check_end_with(finalize_by_exit);
}

/* ---- Initializers that hang in replacements ---- */

static struct gate *gate;

static int crash_first(const void *item, void *result, pool_task_t *task)
{
    (void)result;
    (void)task;
    if (*(const int *)item == 1) {
        gate_close(gate);
        abort();
    }
    return 0;
}

static void others_work_while_a_replacement_starts(void **state)
{
    int items[100] = {1};
    (void)state;
    gate = gate_make();
    gate_open(gate);
    pool_options_t options = {
        .processes = 2, .initializer = gate_initializer, .initargs = gate, .grace = 100};
    pool_t *pool = world_pool_with(&options);
    assert_int_equal(pool_map(pool, crash_first, POOL_IN(items, 100), POOL_NONE), 1);
    outcome_is(pool, 0, POOL_CRASHED, SIGABRT);
    int64_t began = deadline_now();
    world_free(pool);
    assert_true(deadline_kept(began, 5000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(the_initializer_runs_once_in_each_worker),
        WORLD_TEST(the_initializer_runs_in_replacements),
        WORLD_TEST(the_finalizer_runs_once_in_each_worker_that_leaves),
        WORLD_TEST(the_finalizer_runs_when_an_open_pool_is_freed),
        WORLD_TEST(the_finalizer_does_not_run_in_terminated_workers),
        WORLD_TEST(bad_finalizers_do_not_hold_up_the_end),
        WORLD_TEST(others_work_while_a_replacement_starts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
