/* A pool in processes that are not its host: workers and forked copies of the host may free it, or make
 * pools of their own, and the pool goes on. Pools within pools. What calls return there is tested by
 * test_states.c. */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/deadline.h"
#include "support/gate.h"
#include "support/host.h"
#include "support/outcome.h"
#include "support/process.h"
#include "support/subhost.h"
#include "support/work.h"
#include "support/world.h"

/* ---- Workers ---- */

struct bearer {
    pool_t *pool; /* NULL: does nothing */
    int value;
};

static int free_pool(const void *item, void *result, pool_task_t *task)
{
    const struct bearer *bearer = item;
    (void)task;
    int value = bearer->value;
    pool_free(bearer->pool);
    *(int *)result = value;
    return 0;
}

static void a_worker_that_frees_its_pool_costs_its_item_at_most(void **state)
{
    enum { COUNT = 60 };
    struct bearer items[COUNT];
    int results[COUNT];
    (void)state;
    memset(items, 0, sizeof items);
    pool_t *pool = world_pool(2);
    for (int i = 0; i < COUNT; i++)
        items[i] = (struct bearer){i % 20 == 7 ? pool : NULL, i};
    assert_in_range(pool_map(pool, free_pool, POOL_IN(items, COUNT), POOL_OUT(results)), 0, 3);
    for (int i = 0; i < COUNT; i++)
        if (!items[i].pool)
            assert_int_equal(results[i], i);
    outcome_pool_works(pool);
}

/* ---- Forked copies of the host ---- */

/* The copy makes a pool of its own instead. */
static void replace_copy(void *argument)
{
    int items[100] = {3}, results[100];
    pool_t *pool;
    pool_options_t options = {.processes = 2};
    pool_free(argument);
    SUBHOST_EQUAL(pool_create(&pool, &options), 0);
    SUBHOST_EQUAL(pool_map(pool, work_copy, POOL_IN(items, 100), POOL_OUT(results)), 0);
    SUBHOST_EQUAL(results[0], 3);
    pool_free(pool);
}

static void the_pool_works_on_beside_copies_of_its_host(void **state)
{
    (void)state;
    world_expect_orphans();
    pool_t *pool = world_pool(2);
    pid_t child = subhost_start(replace_copy, pool);
    for (int round = 0; round < 20; round++)
        outcome_pool_works(pool);
    assert_int_equal(subhost_wait(child), 0);
    outcome_pool_works(pool);
    assert_int_equal(pool_replaced(pool), 0);
}

static void wait_for_ever(void *unused)
{
    (void)unused;
    for (;;)
        pause();
}

/* The copy holds descriptors of the pool. */
static void a_pool_ends_although_a_copy_of_its_host_lives_on(void **state)
{
    (void)state;
    pool_options_t options = {.processes = 2, .grace = 20000};
    for (int way = 0; way < 2; way++) {
        pool_t *pool = world_pool_with(&options);
        pid_t child = subhost_start(wait_for_ever, NULL);
        int64_t began = deadline_now();
        if (way == 1)
            assert_int_equal(pool_terminate(pool), 0);
        world_free(pool);
        assert_true(deadline_now() - began < 10000);
        kill(child, SIGKILL);
        subhost_wait(child);
    }
}

static struct gate *gate;

static int wait_at_gate(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    (void)result;
    (void)task;
    return gate_pass(gate) ? 0 : 1;
}

static void free_copy(void *pool)
{
    pool_free(pool);
}

static void copies_made_while_threads_wait_may_be_freed(void **state)
{
    enum { THREADS = 3 };
    pthread_t threads[THREADS];
    pool_future_t *future;
    void *failed;
    int item = 0;
    (void)state;
    world_expect_orphans();
    gate = gate_make();
    pool_t *pool = world_pool(1);
    assert_int_equal(
        pool_apply_async(pool, wait_at_gate, POOL_IN(&item, 1), POOL_NONE, NULL, &future), 0);
    for (int t = 0; t < THREADS; t++)
        assert_int_equal(pthread_create(&threads[t], NULL, host_get, future), 0);
    for (int i = 0; i < 5; i++) /* let them fall asleep */
        poll(NULL, 0, 10);
    assert_int_equal(subhost_wait(subhost_start(free_copy, pool)), 0);
    gate_open(gate);
    for (int t = 0; t < THREADS; t++) {
        pthread_join(threads[t], &failed);
        assert_int_equal((intptr_t)failed, 0);
    }
    pool_future_free(future);
}

/* ---- Pools within pools ---- */

static int sum_in_inner_pool(const void *item, void *result, pool_task_t *task)
{
    int items[20], results[20], error;
    pool_t *pool;
    pool_options_t options = {.processes = 2};
    (void)task;
    for (int i = 0; i < 20; i++)
        items[i] = *(const int *)item + i;
    if ((error = pool_create(&pool, &options)) < 0)
        return error;
    error = pool_map(pool, work_copy, POOL_IN(items, 20), POOL_OUT(results));
    pool_free(pool);
    for (int i = 0; i < 20; i++)
        *(int *)result += results[i];
    return error;
}

static void a_function_may_make_a_pool(void **state)
{
    int items[] = {1, 2, 3, 4}, results[4];
    (void)state;
    if (deadline_valgrind())
        skip(); /* it looks into memory that children of workers do not have, word by word */
    pool_t *pool = world_pool(2);
    for (int round = 0; round < 5; round++) {
        assert_int_equal(pool_map(pool, sum_in_inner_pool, POOL_IN(items, 4), POOL_OUT(results)),
                         0);
        for (int i = 0; i < 4; i++)
            assert_int_equal(results[i], 20 * items[i] + 190);
    }
}

static int crash_over_inner_pool(const void *item, void *result, pool_task_t *task)
{
    pool_t *pool;
    pool_options_t options = {.processes = 2};
    (void)item;
    (void)result;
    (void)task;
    if (pool_create(&pool, &options) < 0)
        return 1;
    raise(SIGKILL);
    return 0;
}

static void inner_pools_end_with_their_worker(void **state)
{
    (void)state;
    if (deadline_valgrind())
        skip();
    outcome_costs_one(world_pool(2), crash_over_inner_pool, POOL_CRASHED, SIGKILL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(a_worker_that_frees_its_pool_costs_its_item_at_most),
        WORLD_TEST(the_pool_works_on_beside_copies_of_its_host),
        WORLD_TEST(a_pool_ends_although_a_copy_of_its_host_lives_on),
        WORLD_TEST(copies_made_while_threads_wait_may_be_freed),
        WORLD_TEST(a_function_may_make_a_pool),
        WORLD_TEST(inner_pools_end_with_their_worker),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
