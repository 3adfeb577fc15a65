/* Workers that are killed while others, or they themselves, are recycled, and while the pool ends: each
 * costs its item at most, and nobody waits for it. */
#include <signal.h>
#include <string.h>

#include "support/crew.h"
#include "support/deadline.h"
#include "support/gate.h"
#include "support/ledger.h"
#include "support/process.h"
#include "support/subhost.h"
#include "support/world.h"

enum { CALLS = 4, ITEMS = 100, WORKERS = 3, LONG = 10000, PROMPT = 5000 };

static struct ledger *executions;
static struct gate *gate;

static int items[CALLS * ITEMS], results[CALLS * ITEMS];

/* Every tenth fails. */
static int triple_or_fail(const void *item, void *result, pool_task_t *task)
{
    int value = *(const int *)item;
    ledger_mark(executions, (size_t)value);
    if (!gate_pass(gate))
        return 1;
    if (value % 10 == 5)
        return pool_fail(task, 1 + value, "item %d", value);
    *(int *)result = 3 * value;
    return 0;
}

static pool_t *make_pool(size_t life)
{
    pool_options_t options = {.processes = WORKERS, .maxtasksperchild = life, .grace = 200};
    ledger_clear(executions);
    gate_close(gate);
    memset(results, 0, sizeof results);
    return world_pool_with(&options);
}

static void make_ledgers(void)
{
    executions = ledger_make(CALLS * ITEMS);
    gate = gate_make();
}

static void start_all(pool_t *pool, pool_future_t **futures)
{
    for (size_t i = 0; i < CALLS; i++) {
        pool_map_options_t options = {.chunksize = i};
        assert_int_equal(pool_map_async(pool, triple_or_fail, POOL_IN(items + i * ITEMS, ITEMS),
                                        POOL_OUT(results + i * ITEMS), &options, &futures[i]),
                         0);
    }
}

/* Whether the error, if there is one, may be that of the item. */
static bool may_be(const pool_error_t *error, int value, bool lost)
{
    if (!error)
        return value % 10 != 5 && results[value] == 3 * value;
    if (error->kind == POOL_FAILED)
        return value % 10 == 5 && error->code == 1 + value && results[value] == 0;
    bool killed = error->kind == POOL_CRASHED && error->code == SIGKILL;
    return results[value] == 0 && (killed || (lost && error->kind == POOL_LOST));
}

/* Each item has one end, and ran once at most; then frees the futures. */
static void check_ends(pool_future_t **futures, bool lost)
{
    for (int call = 0; call < CALLS; call++) {
        const pool_error_t *errors = NULL;
        int failed = pool_future_get(futures[call], PROMPT);
        size_t count = pool_future_errors(futures[call], &errors), next = 0;
        assert_true(failed == (int)count || (lost && failed == POOL_ECLOSED));
        for (int i = 0; i < ITEMS; i++) {
            const pool_error_t *error =
                next < count && errors[next].index == (size_t)i ? &errors[next++] : NULL;
            if (!may_be(error, call * ITEMS + i, lost))
                fail_msg("item %d of call %d: kind %d", i, call, error ? (int)error->kind : 0);
        }
        assert_int_equal(next, count);
        pool_future_free(futures[call]);
    }
    assert_true(ledger_all_within(executions, 0, 1));
}

/* ---- While they are recycled ---- */

static void kills_while_workers_are_recycled_cost_their_items_alone(void **state)
{
    (void)state;
    make_ledgers();
    for (int round = 0; round < 12 / deadline_slowness(); round++) {
        pool_future_t *futures[CALLS];
        pid_t worker;
        pool_t *pool = make_pool(1 + (size_t)round % 3);
        pool_pids(pool, &worker, 1);
        pid_t supervisor = process_supervisor(worker);
        start_all(pool, futures);
        pid_t killer = subhost_start(crew_killer, &supervisor);
        gate_open(gate);
        if (round % 2 == 0)
            assert_int_equal(pool_close(pool), 0);
        int waited = pool_wait(futures, CALLS, POOL_WAIT_ALL, LONG * deadline_slowness());
        process_kill(killer);
        subhost_wait(killer);
        assert_int_equal(waited, CALLS);
        check_ends(futures, false);
        assert_true(round % 2 == 0 ? pool_join(pool) == 0 : pool_terminate(pool) == 0);
        world_free(pool);
    }
}

/* ---- While the pool ends ---- */

/* Kills before or after the pool is told to end; the workers have begun their first items, or not. */
static void check_end(int (*end)(pool_t *), size_t life, bool before, bool busy)
{
    pool_future_t *futures[CALLS];
    pool_t *pool = make_pool(life);
    start_all(pool, futures);
    assert_true(!busy || ledger_reaches(executions, WORKERS, LONG));
    if (before)
        crew_kill(pool, WORKERS);
    if (end == pool_close) /* a termination waits for the end itself */
        assert_int_equal(end(pool), 0);
    if (!before)
        crew_kill(pool, WORKERS);
    gate_open(gate);
    int64_t began = deadline_now();
    assert_int_equal(end(pool), 0);
    assert_int_equal(pool_join(pool), 0);
    assert_int_equal(end(pool), 0);
    assert_true(deadline_kept(began, PROMPT));
    check_ends(futures, end == pool_terminate);
    world_free(pool);
}

static void workers_killed_before_or_after_a_close_do_not_hold_it_up(void **state)
{
    (void)state;
    make_ledgers();
    for (int way = 0; way < 16; way++)
        check_end(pool_close, way & 4 ? 1 + (size_t)way % 3 : 0, way & 1, way & 2);
}

static void workers_killed_before_a_termination_do_not_hold_it_up(void **state)
{
    (void)state;
    make_ledgers();
    for (int way = 0; way < 16; way++)
        check_end(pool_terminate, way & 4 ? 1 + (size_t)way % 3 : 0, true, way & 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(kills_while_workers_are_recycled_cost_their_items_alone),
        WORLD_TEST(workers_killed_before_or_after_a_close_do_not_hold_it_up),
        WORLD_TEST(workers_killed_before_a_termination_do_not_hold_it_up),
    };
    for (int i = 0; i < CALLS * ITEMS; i++)
        items[i] = i;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
