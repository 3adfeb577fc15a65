/* What a function may ask about the item it works on. */
#include <unistd.h>

#include "support/ledger.h"
#include "support/outcome.h"
#include "support/world.h"

enum { WORKERS = 4 };

struct answers {
    size_t index;
    unsigned attempt;
    int worker;
    pid_t pid;
    void *state;
};

static struct ledger *in_worker;

static int ask(const void *item, void *result, pool_task_t *task)
{
    struct answers *answers = result;
    (void)item;
    answers->index = pool_task_index(task);
    answers->attempt = pool_task_attempt(task);
    answers->worker = pool_task_worker(task);
    answers->pid = getpid();
    answers->state = pool_task_state(task);
    return 0;
}

static void a_task_knows_its_index_and_its_worker(void **state)
{
    enum { COUNT = 1000 };
    struct answers answers[COUNT];
    char items[COUNT] = {0};
    pid_t pids[WORKERS];
    (void)state;
    pool_t *pool = world_pool(WORKERS);
    for (size_t chunksize = 0; chunksize < 30; chunksize += 7) {
        pool_map_options_t options = {.chunksize = chunksize};
        assert_int_equal(
            pool_map_with(pool, ask, POOL_IN(items, COUNT), POOL_OUT(answers), &options), 0);
        assert_int_equal(pool_pids(pool, pids, WORKERS), WORKERS);
        for (size_t i = 0; i < COUNT; i++) {
            assert_int_equal(answers[i].index, i);
            assert_int_equal(answers[i].attempt, 1);
            assert_in_range(answers[i].worker, 0, WORKERS - 1);
            assert_int_equal(answers[i].pid, pids[answers[i].worker]);
            assert_null(answers[i].state);
        }
    }
}

/* Waits until all workers are in their first item. */
static int wait_for_others(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    (void)result;
    ledger_mark(in_worker, (size_t)pool_task_worker(task));
    return !ledger_reaches(in_worker, WORKERS, 5000);
}

static void all_workers_work_at_once_under_different_numbers(void **state)
{
    char items[WORKERS] = {0};
    (void)state;
    in_worker = ledger_make(WORKERS);
    pool_t *pool = world_pool(WORKERS);
    assert_int_equal(pool_map(pool, wait_for_others, POOL_IN(items, WORKERS), POOL_NONE), 0);
    assert_true(ledger_all_within(in_worker, 1, 1));
}

/* A function is given its index, and what follows a crash in a chunk keeps its own. */
static int crash_or_ask(const void *item, void *result, pool_task_t *task)
{
    if (*(const char *)item)
        _exit(1);
    return ask(item, result, task);
}

static void indices_stay_right_after_crashes(void **state)
{
    enum { COUNT = 100 };
    struct answers answers[COUNT];
    char items[COUNT];
    (void)state;
    for (int i = 0; i < COUNT; i++)
        items[i] = i % 20 == 7;
    pool_t *pool = world_pool(2);
    pool_map_options_t options = {.chunksize = 50};
    assert_int_equal(
        pool_map_with(pool, crash_or_ask, POOL_IN(items, COUNT), POOL_OUT(answers), &options), 5);
    for (size_t i = 0; i < COUNT; i++)
        if (!items[i])
            assert_true(answers[i].index == i && answers[i].attempt == 1);
}

/* Globals are those of the moment the pool was made, in replacements as well. */
static int global = 1;

static int read_global(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    (void)task;
    *(int *)result = global;
    return 0;
}

static int leave(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    (void)result;
    (void)task;
    _exit(1);
}

static void workers_are_images_of_the_host_when_the_pool_was_made(void **state)
{
    char item = 0;
    int result = 0;
    (void)state;
    global = 2;
    pool_t *pool = world_pool(1);
    global = 3;
    for (int round = 0; round < 3; round++) {
        assert_int_equal(pool_map(pool, read_global, POOL_IN(&item, 1), POOL_OUT(&result)), 0);
        assert_int_equal(result, 2);
        assert_int_equal(pool_map(pool, leave, POOL_IN(&item, 1), POOL_NONE), 1);
    }
    assert_true(outcome_replaced(pool, 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(a_task_knows_its_index_and_its_worker),
        WORLD_TEST(all_workers_work_at_once_under_different_numbers),
        WORLD_TEST(indices_stay_right_after_crashes),
        WORLD_TEST(workers_are_images_of_the_host_when_the_pool_was_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
