/* The lives of workers: after maxtasksperchild items one leaves in peace and is replaced. */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "support/deadline.h"
#include "support/ledger.h"
#include "support/outcome.h"
#include "support/process.h"
#include "support/world.h"

enum { ITEMS = 100, LIFE = 10, WORKERS = 4, PIDS = 1 << 16 };

struct answer {
    int triple;
    pid_t pid;
};

static struct ledger *lives, *started, *finalized;

static int items[ITEMS];
static struct answer answers[ITEMS];

static int answer(const void *item, void *result, pool_task_t *task)
{
    struct answer *answer = result;
    (void)task;
    answer->triple = 3 * *(const int *)item;
    answer->pid = getpid();
    ledger_mark(lives, (size_t)getpid() % PIDS);
    return 0;
}

static int crash_at_some(const void *item, void *result, pool_task_t *task)
{
    if (*(const int *)item % 25 == 7)
        raise(SIGKILL);
    return answer(item, result, task);
}

static int initialize(void *unused, void **state, pool_task_t *task)
{
    (void)unused;
    (void)state;
    ledger_mark(started, (size_t)pool_task_worker(task));
    return 0;
}

static void finalize(void *state)
{
    (void)state;
    ledger_mark(finalized, 0);
}

static pool_t *make_pool(int workers, size_t life)
{
    pool_options_t options = {.processes = workers,
                              .maxtasksperchild = life,
                              .initializer = initialize,
                              .finalizer = finalize};
    ledger_clear(lives);
    ledger_clear(started);
    ledger_clear(finalized);
    return world_pool_with(&options);
}

static void make_ledgers(void)
{
    lives = ledger_make(PIDS);
    started = ledger_make(WORKERS);
    finalized = ledger_make(1);
}

static void map_all(pool_t *pool, size_t chunksize)
{
    pool_map_options_t options = {.chunksize = chunksize};
    memset(answers, 0, sizeof answers);
    assert_int_equal(
        pool_map_with(pool, answer, POOL_IN(items, ITEMS), POOL_OUT(answers), &options), 0);
    for (int i = 0; i < ITEMS; i++)
        assert_int_equal(answers[i].triple, 3 * i);
}

static void no_worker_runs_more_items_than_its_life_has(void **state)
{
    static const size_t chunks[] = {0, 1, 7, LIFE, 25, ITEMS};
    (void)state;
    make_ledgers();
    for (size_t k = 0; k < 6; k++) {
        for (int workers = 1; workers <= WORKERS; workers += 3) {
            pool_t *pool = make_pool(workers, LIFE);
            map_all(pool, chunks[k]);
            assert_true(ledger_all_within(lives, 0, LIFE));
            assert_int_equal(ledger_total(lives), ITEMS);
            assert_true(ledger_total(started) >= ITEMS / LIFE);
            world_free(pool);
        }
    }
}

static bool none_is_there(void *argument)
{
    pid_t *pids = argument;
    for (int i = 0; i < WORKERS; i++)
        if (!process_ended(pids[i]))
            return false;
    return true;
}

static void all_the_first_workers_are_replaced(void **state)
{
    pid_t pids[WORKERS];
    (void)state;
    make_ledgers();
    pool_t *pool = make_pool(WORKERS, LIFE);
    assert_int_equal(pool_pids(pool, pids, WORKERS), WORKERS);
    for (int round = 0; round < 20 && !none_is_there(pids); round++)
        map_all(pool, 1);
    assert_true(deadline_met(5000, none_is_there, pids));
}

static void a_life_of_one_item_is_enough(void **state)
{
    (void)state;
    make_ledgers();
    pool_t *pool = make_pool(3, 1);
    for (size_t chunksize = 0; chunksize < 100; chunksize += 33)
        map_all(pool, chunksize);
    assert_true(ledger_all_within(lives, 0, 1));
    outcome_pool_works(pool);
}

static void without_a_limit_workers_stay(void **state)
{
    (void)state;
    make_ledgers();
    pool_t *pool = make_pool(2, 0);
    for (int round = 0; round < 10; round++)
        map_all(pool, 1);
    assert_int_equal(pool_replaced(pool), 0);
    map_all(pool, SIZE_MAX);
}

static void a_limit_beyond_all_is_none(void **state)
{
    (void)state;
    make_ledgers();
    pool_t *pool = make_pool(2, SIZE_MAX);
    map_all(pool, 1);
    assert_int_equal(pool_replaced(pool), 0);
}

static void initializer_and_finalizer_run_in_every_life(void **state)
{
    (void)state;
    make_ledgers();
    pool_t *pool = make_pool(2, LIFE);
    for (int round = 0; round < 5; round++)
        map_all(pool, 3);
    assert_int_equal(pool_close(pool), 0);
    assert_int_equal(pool_join(pool), 0);
    assert_int_equal(ledger_total(started), ledger_total(finalized));
    assert_int_equal(ledger_total(started), 2 + pool_replaced(pool));
    assert_true(ledger_total(started) >= 5 * ITEMS / LIFE);
}

static void crashes_between_recycling_cost_their_items_alone(void **state)
{
    static const size_t chunks[] = {0, 1, 7, ITEMS};
    (void)state;
    make_ledgers();
    for (size_t k = 0; k < 4; k++) {
        pool_t *pool = make_pool(3, 3);
        pool_map_options_t options = {.chunksize = chunks[k]};
        memset(answers, 0, sizeof answers);
        assert_int_equal(
            pool_map_with(pool, crash_at_some, POOL_IN(items, ITEMS), POOL_OUT(answers), &options),
            4);
        for (int i = 0; i < ITEMS; i++)
            assert_int_equal(answers[i].triple, i % 25 == 7 ? 0 : 3 * i);
        outcome_errors_in_order(pool, ITEMS, 4);
        outcome_is(pool, 32, POOL_CRASHED, SIGKILL);
        assert_true(ledger_all_within(lives, 0, 3));
        world_free(pool);
    }
}

/* A pool that is closed, terminated or freed just when workers leave. */
static void a_pool_may_end_at_any_moment_of_recycling(void **state)
{
    (void)state;
    make_ledgers();
    for (int round = 0; round < 30; round++) {
        pool_future_t *future;
        pool_t *pool = make_pool(3, 1 + (size_t)round % 3);
        assert_int_equal(
            pool_map_async(pool, answer, POOL_IN(items, ITEMS), POOL_OUT(answers), NULL, &future),
            0);
        pool_future_wait(future, round % 7);
        if (round % 3 == 0)
            pool_close(pool);
        else if (round % 3 == 1)
            pool_terminate(pool);
        assert_true(round % 3 != 0 || pool_future_get(future, -1) == 0);
        pool_future_free(future);
        world_free(pool);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(no_worker_runs_more_items_than_its_life_has),
        WORLD_TEST(all_the_first_workers_are_replaced),
        WORLD_TEST(a_life_of_one_item_is_enough),
        WORLD_TEST(without_a_limit_workers_stay),
        WORLD_TEST(a_limit_beyond_all_is_none),
        WORLD_TEST(initializer_and_finalizer_run_in_every_life),
        WORLD_TEST(crashes_between_recycling_cost_their_items_alone),
        WORLD_TEST(a_pool_may_end_at_any_moment_of_recycling),
    };
    for (int i = 0; i < ITEMS; i++)
        items[i] = i;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
