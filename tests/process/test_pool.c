/* The life of a pool: made, closed, joined, terminated and freed, in sensible and silly orders. */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/deadline.h"
#include "support/ledger.h"
#include "support/outcome.h"
#include "support/process.h"
#include "support/work.h"
#include "support/world.h"

static int map_one(pool_t *pool)
{
    int item = 7, result = 0;
    int status = pool_map(pool, work_copy, POOL_IN(&item, 1), POOL_OUT(&result));
    assert_int_equal(result, status == 0 ? 7 : 0);
    return status;
}

/* ---- Orders of calls ---- */

enum call { MAP, CLOSE, JOIN, TERMINATE, PIDS, CALLS };

/* Makes the call and checks its answer: after a close or a termination the pool takes no work, and
 * only then it can be joined. */
static void check_call(pool_t *pool, enum call call, bool *closed)
{
    pid_t pid;
    switch (call) {
    case MAP:
        assert_int_equal(map_one(pool), *closed ? POOL_ECLOSED : 0);
        break;
    case CLOSE:
        assert_int_equal(pool_close(pool), 0);
        *closed = true;
        break;
    case JOIN:
        assert_int_equal(pool_join(pool), *closed ? 0 : POOL_EBUSY);
        break;
    case TERMINATE:
        assert_int_equal(pool_terminate(pool), 0);
        *closed = true;
        break;
    default:
        assert_int_equal(pool_pids(pool, &pid, 1), 2);
        assert_int_equal(pool_processes(pool), 2);
        assert_int_equal(pool_replaced(pool), 0);
        break;
    }
}

/* Every order of four calls that begins with this one gives what the manual says. */
static void check_orders(enum call first)
{
    enum { REST = 3, ORDERS = CALLS * CALLS * CALLS };
    for (int order = 0; order < ORDERS; order += deadline_slowness()) {
        pool_t *pool = world_pool(2);
        bool closed = false;
        check_call(pool, first, &closed);
        for (int i = 0, rest = order; i < REST; i++, rest /= CALLS)
            check_call(pool, (enum call)(rest % CALLS), &closed);
        world_free(pool);
        assert_true(world_empties(0));
    }
}

static void orders_that_begin_with_map(void **state)
{
    (void)state;
    check_orders(MAP);
}

static void orders_that_begin_with_close(void **state)
{
    (void)state;
    check_orders(CLOSE);
}

static void orders_that_begin_with_join(void **state)
{
    (void)state;
    check_orders(JOIN);
}

static void orders_that_begin_with_terminate(void **state)
{
    (void)state;
    check_orders(TERMINATE);
}

static void orders_that_begin_with_questions(void **state)
{
    (void)state;
    check_orders(PIDS);
}

static void freeing_nothing_is_allowed(void **state)
{
    (void)state;
    pool_free(NULL);
}

static void results_and_errors_stay_after_the_end(void **state)
{
    int items[] = {1, 2}, results[2];
    (void)state;
    pool_t *pool = world_pool(1);
    assert_int_equal(pool_map(pool, work_copy, POOL_IN(items, 2), POOL_OUT(results)), 0);
    assert_int_equal(pool_terminate(pool), 0);
    assert_int_equal(results[1], 2);
    assert_int_equal(pool_errors(pool, NULL), 0);
}

static bool no_worker(void *pool)
{
    pid_t pids[2];
    pool_pids(pool, pids, 2);
    return (pids[0] == 0 || process_ended(pids[0])) && (pids[1] == 0 || process_ended(pids[1]));
}

static void workers_of_a_closed_pool_leave_by_themselves(void **state)
{
    (void)state;
    pool_t *pool = world_pool(2);
    assert_int_equal(map_one(pool), 0);
    assert_int_equal(pool_close(pool), 0);
    assert_true(deadline_met(5000, no_worker, pool));
    assert_int_equal(pool_replaced(pool), 0);
}

static void a_terminated_pool_has_no_worker(void **state)
{
    (void)state;
    pool_t *pool = world_pool(2);
    assert_int_equal(pool_terminate(pool), 0);
    assert_true(no_worker(pool));
}

static void a_joined_pool_has_no_worker(void **state)
{
    (void)state;
    pool_t *pool = world_pool(2);
    assert_int_equal(pool_close(pool), 0);
    assert_int_equal(pool_join(pool), 0);
    assert_true(no_worker(pool));
}

/* ---- SIGTERM ---- */

static struct ledger *terms;

static void on_term(int signal)
{
    (void)signal;
    ledger_mark(terms, 0); /* an atomic addition; NOLINT(bugprone-signal-handler,cert-sig30-c) */
    _exit(0);
}

static int catch_term(void *argument, void **state, pool_task_t *task)
{
    (void)argument;
    (void)state;
    (void)task;
    signal(SIGTERM, on_term);
    return 0;
}

static int ignore_term(void *argument, void **state, pool_task_t *task)
{
    (void)argument;
    (void)state;
    (void)task;
    signal(SIGTERM, SIG_IGN);
    return 0;
}

static void terminate_lets_signal_handlers_run(void **state)
{
    (void)state;
    terms = ledger_make(1);
    pool_options_t options = {.processes = 3, .initializer = catch_term, .grace = 20000};
    pool_t *pool = world_pool_with(&options);
    int64_t began = deadline_now();
    assert_int_equal(pool_terminate(pool), 0);
    assert_int_equal(ledger_count(terms, 0), 3);
    assert_true(deadline_now() - began < 10000);
}

static void terminate_kills_workers_that_ignore_sigterm_after_its_grace(void **state)
{
    (void)state;
    pool_options_t options = {.processes = 3, .initializer = ignore_term, .grace = 100};
    pool_t *pool = world_pool_with(&options);
    int64_t began = deadline_now();
    assert_int_equal(pool_terminate(pool), 0);
    int64_t took = deadline_now() - began;
    assert_true(took >= 100 && deadline_kept(began, 2000));
}

/* ---- Asking ---- */

static void pids_are_those_of_living_workers_in_a_group_each(void **state)
{
    pid_t pids[5] = {-7, -7, -7, -7, -7};
    (void)state;
    pool_t *pool = world_pool(4);
    assert_int_equal(pool_pids(pool, NULL, 0), 4);
    assert_int_equal(pool_pids(pool, pids, 2), 4);
    assert_true(pids[1] > 0 && pids[2] == -7);
    assert_int_equal(pool_pids(pool, pids, 5), 4);
    assert_int_equal(pids[4], -7);
    for (int i = 0; i < 4; i++) {
        assert_false(process_ended(pids[i]));
        assert_int_equal(getpgid(pids[i]), pids[i]);
        assert_int_equal(process_parent(pids[i]), process_parent(pids[0]));
        for (int k = 0; k < i; k++)
            assert_int_not_equal(pids[i], pids[k]);
    }
    assert_int_not_equal(getpgid(process_parent(pids[0])), getpgrp());
    assert_int_equal(getsid(pids[0]), getsid(0));
}

static void a_pool_has_a_worker_for_each_processor_by_default(void **state)
{
    (void)state;
    pool_t *pool = world_pool_with(NULL);
    assert_true(pool_cpu_count() >= 1);
    assert_int_equal(pool_processes(pool), pool_cpu_count());
    outcome_pool_works(pool);
}

static void the_environment_may_say_how_many_workers(void **state)
{
    (void)state;
    setenv("PROCPOOL_PROCESSES", "3", 1);
    pool_t *pool = world_pool_with(NULL);
    unsetenv("PROCPOOL_PROCESSES");
    assert_int_equal(pool_processes(pool), 3);
}

/* ---- Many ---- */

static void hundreds_of_workers_work(void **state)
{
    const int count = deadline_valgrind() ? 20 : 300;
    int *items = world_alloc((size_t)count, sizeof *items);
    (void)state;
    pool_t *pool = world_pool(count);
    assert_int_equal(pool_map(pool, work_copy, POOL_IN(items, (size_t)count), POOL_OUT(items)), 0);
}

static void many_pools_live_at_once(void **state)
{
    enum { POOLS = 20 };
    pool_t *pools[POOLS];
    (void)state;
    for (int i = 0; i < POOLS; i++)
        pools[i] = world_pool(1);
    for (int i = 0; i < POOLS; i++)
        assert_int_equal(map_one(pools[i]), 0);
    for (int i = 0; i < POOLS; i += 2)
        world_free(pools[i]);
    for (int i = 1; i < POOLS; i += 2)
        assert_int_equal(map_one(pools[i]), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(orders_that_begin_with_map),
        WORLD_TEST(orders_that_begin_with_close),
        WORLD_TEST(orders_that_begin_with_join),
        WORLD_TEST(orders_that_begin_with_terminate),
        WORLD_TEST(orders_that_begin_with_questions),
        WORLD_TEST(freeing_nothing_is_allowed),
        WORLD_TEST(results_and_errors_stay_after_the_end),
        WORLD_TEST(workers_of_a_closed_pool_leave_by_themselves),
        WORLD_TEST(a_terminated_pool_has_no_worker),
        WORLD_TEST(a_joined_pool_has_no_worker),
        WORLD_TEST(terminate_lets_signal_handlers_run),
        WORLD_TEST(terminate_kills_workers_that_ignore_sigterm_after_its_grace),
        WORLD_TEST(pids_are_those_of_living_workers_in_a_group_each),
        WORLD_TEST(a_pool_has_a_worker_for_each_processor_by_default),
        WORLD_TEST(the_environment_may_say_how_many_workers),
        WORLD_TEST(hundreds_of_workers_work),
        WORLD_TEST(many_pools_live_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
