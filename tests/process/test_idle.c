/* idle_timeout: workers without work leave, and are there again as soon as there is work. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "support/crew.h"
#include "support/deadline.h"
#include "support/ledger.h"
#include "support/outcome.h"
#include "support/process.h"
#include "support/work.h"
#include "support/world.h"

enum { WORKERS = 4, ITEMS = 64, IDLE = 20, LATE = 750 };

static struct ledger *started, *finalized, *runs;
static int items[ITEMS], results[ITEMS];

static int initialize(void *unused, void **state, pool_task_t *task)
{
    (void)unused;
    (void)task;
    *state = items;
    ledger_mark(started, 0);
    return 0;
}

static void finalize(void *state)
{
    ledger_mark(finalized, state == items ? 0 : 1);
}

static int triple(const void *item, void *result, pool_task_t *task)
{
    ledger_mark(runs, pool_task_index(task));
    *(int *)result = 3 * *(const int *)item;
    return pool_task_state(task) == items ? 0 : -1;
}

static int triple_slowly(const void *item, void *result, pool_task_t *task)
{
    const struct timespec moment = {.tv_nsec = 5000000};
    nanosleep(&moment, NULL);
    return triple(item, result, task);
}

static int crash_at_some(const void *item, void *result, pool_task_t *task)
{
    if (*(const int *)item % 16 == 3)
        raise(SIGKILL);
    return triple(item, result, task);
}

static pool_t *make_pool(int workers, int idle_timeout)
{
    pool_options_t options = {.processes = workers,
                              .initializer = initialize,
                              .finalizer = finalize,
                              .idle_timeout = idle_timeout,
                              .grace = 20000};
    started = ledger_make(1);
    finalized = ledger_make(2);
    runs = ledger_make(ITEMS);
    for (int i = 0; i < ITEMS; i++)
        items[i] = i;
    return world_pool_with(&options);
}

static void map_is_right(pool_t *pool, pool_function_t function, int count)
{
    int64_t began = deadline_now();
    memset(results, 0, sizeof results);
    ledger_clear(runs);
    assert_int_equal(pool_map(pool, function, POOL_IN(items, (size_t)count), POOL_OUT(results)), 0);
    for (int i = 0; i < count; i++) {
        assert_int_equal(results[i], 3 * i);
        assert_int_equal(ledger_count(runs, (size_t)i), 1);
    }
    assert_true(deadline_kept(began, LATE));
}

static bool none_is_told(void *pool)
{
    pid_t pids[WORKERS];
    int count = pool_pids(pool, pids, WORKERS);
    for (int i = 0; i < count; i++)
        if (pids[i])
            return false;
    return true;
}

/* Whether all workers leave. */
static bool all_leave(pool_t *pool, pid_t supervisor)
{
    return crew_becomes(supervisor, 0) && deadline_met(5000, none_is_told, pool);
}

static void all_leave_in_peace_for_want_of_work(void **state)
{
    (void)state;
    pool_t *pool = make_pool(WORKERS, IDLE);
    pid_t supervisor = crew_supervisor(pool);
    assert_true(all_leave(pool, supervisor));
    assert_int_equal(ledger_count(finalized, 0), WORKERS);
    assert_int_equal(pool_processes(pool), WORKERS);
    assert_int_equal(pool_replaced(pool), 0);
}

static void they_stay_while_there_is_work(void **state)
{
    pid_t before[2], after[2];
    (void)state;
    pool_t *pool = make_pool(2, 200);
    assert_int_equal(pool_pids(pool, before, 2), 2);
    for (int i = 0; i < 8; i++)
        map_is_right(pool, triple_slowly, ITEMS / 2);
    assert_int_equal(pool_pids(pool, after, 2), 2);
    assert_memory_equal(before, after, sizeof before);
    assert_int_equal(ledger_total(finalized), 0);
}

static void without_a_timeout_they_stay(void **state)
{
    (void)state;
    pid_t supervisor = crew_supervisor(world_pool(2));
    pool_t *other = make_pool(2, IDLE);
    for (int round = 0; round < 5; round++) {
        assert_true(deadline_met(5000, none_is_told, other));
        assert_int_equal(crew_count(supervisor), 2);
        map_is_right(other, triple, 1);
    }
}

static void they_come_back_for_a_call(void **state)
{
    (void)state;
    pool_t *pool = make_pool(WORKERS, IDLE);
    pid_t supervisor = crew_supervisor(pool);
    for (int round = 0; round < 10; round++) {
        assert_true(all_leave(pool, supervisor));
        map_is_right(pool, triple_slowly, ITEMS);
    }
    assert_true(all_leave(pool, supervisor));
    assert_int_equal(ledger_total(finalized), ledger_total(started));
    assert_int_equal(ledger_total(started), WORKERS + pool_replaced(pool));
    assert_true(pool_replaced(pool) > 10); /* not one alone */
}

static void only_as_many_as_are_needed(void **state)
{
    (void)state;
    pool_t *pool = make_pool(WORKERS, IDLE);
    pid_t supervisor = crew_supervisor(pool);
    for (size_t round = 1; round <= 10; round++) {
        assert_true(all_leave(pool, supervisor));
        map_is_right(pool, triple, 1);
        assert_true(outcome_replaced(pool, round));
    }
}

/* Calls at every moment around the one when workers leave. */
static void work_that_comes_when_they_leave(int workers, pool_function_t function, int failed)
{
    pool_t *pool = make_pool(workers, 3);
    for (int round = 0; round < 300; round++) {
        const struct timespec pause = {.tv_nsec = 1500000 + round % 150 * 20000};
        int count = 1 + round % 5 * 15;
        if (!failed) {
            map_is_right(pool, function, count);
        } else {
            int64_t began = deadline_now();
            assert_int_equal(pool_map(pool, function, POOL_IN(items, ITEMS), POOL_OUT(results)),
                             failed);
            assert_true(deadline_kept(began, LATE));
        }
        nanosleep(&pause, NULL);
    }
    assert_true(deadline_met(5000, none_is_told, pool));
}

static void work_that_comes_when_they_leave_is_not_late(void **state)
{
    (void)state;
    work_that_comes_when_they_leave(3, triple, 0);
}

static void nor_if_there_is_but_one(void **state)
{
    (void)state;
    work_that_comes_when_they_leave(1, triple, 0);
}

static void nor_if_some_crash(void **state)
{
    (void)state;
    work_that_comes_when_they_leave(2, crash_at_some, 4);
}

/* ---- Calls for which nobody waits ---- */

/* The host is not in the library: who brings the workers back is told at submission. */
static void work_goes_on_without_the_host(void **state)
{
    enum { COUNT = 8 };
    (void)state;
    pool_t *pool = make_pool(2, IDLE);
    pid_t supervisor = crew_supervisor(pool);
    pool_future_t *futures[20];
    for (int round = 0; round < 20; round++) {
        assert_true(crew_becomes(supervisor, 0));
        ledger_clear(runs);
        assert_int_equal(pool_map_async(pool, triple, POOL_IN(items, COUNT), POOL_OUT(results),
                                        NULL, &futures[round]),
                         0);
        assert_true(ledger_becomes(runs, COUNT, LATE));
    }
    for (int round = 0; round < 20; round++) {
        assert_int_equal(pool_future_get(futures[round], -1), 0);
        pool_future_free(futures[round]);
    }
}

/* Births and deaths that nobody hears do not fill the supervisor's channel for ever. */
static void nor_does_it_stop_after_hundreds(void **state)
{
    (void)state;
    pool_t *pool = make_pool(1, 1);
    pid_t supervisor = crew_supervisor(pool);
    for (int round = 0; round < 400; round++) {
        assert_true(crew_becomes(supervisor, 0));
        ledger_clear(runs);
        assert_int_equal(
            pool_map_async(pool, triple, POOL_IN(items, 1), POOL_OUT(results), NULL, NULL), 0);
        assert_true(ledger_becomes(runs, 1, LATE));
    }
}

static bool is_readable(void *descriptor)
{
    struct pollfd ready = {.fd = *(int *)descriptor, .events = POLLIN};
    return poll(&ready, 1, 0) == 1;
}

static void a_loop_hears_of_work_that_brought_them_back(void **state)
{
    (void)state;
    pool_t *pool = make_pool(2, IDLE);
    pid_t supervisor = crew_supervisor(pool);
    int descriptor = pool_fileno(pool);
    assert_true(descriptor >= 0);
    for (int round = 0; round < 10; round++) {
        pool_future_t *future;
        int64_t began = deadline_now();
        assert_int_equal(
            pool_map_async(pool, triple, POOL_IN(items, ITEMS), POOL_OUT(results), NULL, &future),
            0);
        int left = 1;
        while (left > 0) {
            assert_true(deadline_met(LATE, is_readable, &descriptor));
            left = pool_step(pool);
        }
        assert_int_equal(left, 0);
        assert_int_equal(pool_future_get(future, 0), 0);
        pool_future_free(future);
        assert_true(deadline_kept(began, LATE));
        assert_true(crew_becomes(supervisor, 0));
    }
}

/* ---- With the rest ---- */

static void an_empty_pool_ends_at_once(void **state)
{
    (void)state;
    for (int round = 0; round < 9; round++) {
        pool_t *pool = make_pool(2, 1 + round);
        assert_true(crew_becomes(crew_supervisor(pool), 0));
        int64_t began = deadline_now();
        if (round % 3 == 1)
            assert_int_equal(pool_terminate(pool), 0);
        if (round % 3 == 2) {
            assert_int_equal(pool_close(pool), 0);
            assert_int_equal(pool_join(pool), 0);
        }
        world_free(pool);
        assert_true(deadline_kept(began, LATE));
    }
}

static void what_was_accepted_is_done_before_an_empty_pool_closes(void **state)
{
    pool_future_t *future;
    (void)state;
    pool_t *pool = make_pool(2, IDLE);
    assert_true(crew_becomes(crew_supervisor(pool), 0));
    assert_int_equal(
        pool_map_async(pool, triple, POOL_IN(items, ITEMS), POOL_OUT(results), NULL, &future), 0);
    assert_int_equal(pool_close(pool), 0);
    assert_int_equal(pool_join(pool), 0);
    assert_int_equal(pool_future_get(future, 0), 0);
    pool_future_free(future);
    assert_int_equal(ledger_total(started), ledger_total(finalized));
}

static void resizing_counts_those_who_are_away(void **state)
{
    (void)state;
    pool_t *pool = make_pool(2, 200);
    pid_t supervisor = crew_supervisor(pool);
    assert_true(all_leave(pool, supervisor));
    assert_int_equal(pool_resize(pool, 1), 0);
    map_is_right(pool, triple, ITEMS);
    assert_int_equal(crew_count(supervisor), 1);
    assert_true(all_leave(pool, supervisor));
    assert_int_equal(pool_resize(pool, WORKERS), 0);
    assert_true(
        crew_becomes(supervisor, WORKERS - 1)); /* the new ones come; the other stays away */
    assert_true(all_leave(pool, supervisor));
    map_is_right(pool, triple_slowly, ITEMS);
}

static void killed_workers_come_back_and_leave(void **state)
{
    pid_t pids[2];
    (void)state;
    pool_t *pool = make_pool(2, 100);
    pid_t supervisor = crew_supervisor(pool);
    assert_int_equal(pool_pids(pool, pids, 2), 2);
    process_kill_child(supervisor, pids[0]);
    map_is_right(pool, triple, ITEMS);
    assert_true(all_leave(pool, supervisor));
    map_is_right(pool, triple, ITEMS);
}

/* A dozen items are four lives. */
static void a_life_of_few_items_and_few_idle_moments(void **state)
{
    pool_options_t options = {.processes = 2, .idle_timeout = 2, .maxtasksperchild = 3};
    (void)state;
    runs = ledger_make(ITEMS);
    for (int i = 0; i < ITEMS; i++)
        items[i] = i;
    pool_t *pool = world_pool_with(&options);
    for (int round = 0; round < 300; round++) {
        const struct timespec pause = {.tv_nsec = 1000000 + round % 30 * 100000};
        int64_t began = deadline_now();
        assert_int_equal(pool_map(pool, work_triple, POOL_IN(items, 12), POOL_OUT(results)), 0);
        assert_true(deadline_kept(began, LATE));
        for (int i = 0; i < 12; i++)
            assert_int_equal(results[i], 3 * i);
        nanosleep(&pause, NULL);
    }
    assert_true(deadline_met(5000, none_is_told, pool));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(all_leave_in_peace_for_want_of_work),
        WORLD_TEST(they_stay_while_there_is_work),
        WORLD_TEST(without_a_timeout_they_stay),
        WORLD_TEST(they_come_back_for_a_call),
        WORLD_TEST(only_as_many_as_are_needed),
        WORLD_TEST(work_that_comes_when_they_leave_is_not_late),
        WORLD_TEST(nor_if_there_is_but_one),
        WORLD_TEST(nor_if_some_crash),
        WORLD_TEST(work_goes_on_without_the_host),
        WORLD_TEST(nor_does_it_stop_after_hundreds),
        WORLD_TEST(a_loop_hears_of_work_that_brought_them_back),
        WORLD_TEST(an_empty_pool_ends_at_once),
        WORLD_TEST(what_was_accepted_is_done_before_an_empty_pool_closes),
        WORLD_TEST(resizing_counts_those_who_are_away),
        WORLD_TEST(killed_workers_come_back_and_leave),
        WORLD_TEST(a_life_of_few_items_and_few_idle_moments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
