/* Serial pools from their making to their end, in every order; what functions may do in them. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/deadline.h"
#include "support/outcome.h"
#include "support/process.h"
#include "support/runs.h"
#include "support/work.h"
#include "support/world.h"

static int children(void)
{
    pid_t pids[64];
    return process_children(getpid(), pids, 64);
}

static int tell_pid(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    *(pid_t *)result = getpid();
    return pool_task_worker(task);
}

static bool is_serial(pool_t *pool)
{
    char item = 0;
    pid_t pid = 0;
    return pool_map(pool, tell_pid, POOL_IN(&item, 1), POOL_OUT(&pid)) == 0 && pid == getpid();
}

static void the_environment_or_an_option_makes_a_pool_serial(void **state)
{
    static const char *const values[] = {"1", "0", "", "2", "yes", NULL};
    (void)state;
    for (int i = 0; values[i]; i++) {
        setenv("PROCPOOL_SERIAL", values[i], 1);
        pool_t *pool = world_pool(2);
        assert_int_equal(is_serial(pool), i == 0);
        assert_int_equal(pool_processes(pool), i == 0 ? 1 : 2);
        world_free(pool);
    }
    unsetenv("PROCPOOL_SERIAL");
    pool_options_t options = {.processes = 7, .serial = true};
    pool_t *pool = world_pool_with(&options);
    assert_true(is_serial(pool));
    assert_int_equal(pool_processes(pool), 1);
    assert_int_equal(children(), 0);
}

static void its_worker_has_the_hosts_pid_until_the_end(void **state)
{
    pool_options_t options = {.serial = true, .maxtasksperchild = 1};
    pid_t pids[2] = {-1, -1};
    (void)state;
    pool_t *pool = world_pool_with(&options);
    outcome_pool_works(pool);
    assert_int_equal(pool_pids(pool, pids, 2), 1);
    assert_int_equal(pids[0], getpid());
    assert_int_equal(pids[1], -1);
    assert_int_equal(pool_replaced(pool), 0);
    assert_int_equal(pool_terminate(pool), 0);
    assert_int_equal(pool_pids(pool, pids, 1), 1);
    assert_int_equal(pids[0], 0);
}

/* ---- Initializer and finalizer ---- */

static int started, finished;
static void *seen;

static int initialize(void *initargs, void **task_state, pool_task_t *task)
{
    (void)task;
    started++;
    *task_state = initargs;
    return 0;
}

static void finalize(void *task_state)
{
    seen = task_state;
    finished++;
}

static const pool_options_t with_both = {
    .serial = true, .initializer = initialize, .initargs = &started, .finalizer = finalize};

static int state_is_there(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    (void)result;
    return pool_task_state(task) != &started;
}

static pool_t *pool_with_both(void)
{
    char items[10] = {0};
    started = finished = 0;
    seen = NULL;
    pool_t *pool = world_pool_with(&with_both);
    assert_int_equal(started, 1);
    assert_int_equal(pool_map(pool, state_is_there, POOL_IN(items, 10), POOL_NONE), 0);
    return pool;
}

static void the_finalizer_runs_once_in_every_peaceful_end(void **state)
{
    (void)state;
    for (int way = 0; way < 5; way++) {
        pool_t *pool = pool_with_both();
        if (way == 0)
            assert_int_equal(pool_join(pool), POOL_EBUSY);
        if (way < 3) {
            assert_int_equal(pool_close(pool), 0);
            assert_int_equal(finished, 1);
            assert_int_equal(pool_close(pool), 0);
        }
        if (way < 2) {
            assert_int_equal(pool_join(pool), 0);
            assert_int_equal(finished, 1);
            assert_int_equal(pool_join(pool), 0);
        }
        if (way == 1)
            assert_int_equal(pool_terminate(pool), 0);
        if (way == 3) {
            assert_int_equal(pool_terminate(pool), 0);
            assert_int_equal(pool_terminate(pool), 0);
            assert_int_equal(pool_join(pool), 0);
        }
        if (way != 4)
            assert_int_equal(pool_map(pool, work_copy, POOL_IN(&way, 1), POOL_NONE), POOL_ECLOSED);
        world_free(pool);
        assert_int_equal(finished, way != 3);
        if (way != 3)
            assert_ptr_equal(seen, &started);
        assert_int_equal(started, 1);
    }
}

static void work_accepted_before_the_close_is_finished(void **state)
{
    int items[100] = {5}, results[100];
    (void)state;
    for (int way = 0; way < 2; way++) {
        pool_future_t *future;
        pool_t *pool = pool_with_both();
        memset(results, 0, sizeof results);
        assert_int_equal(
            pool_map_async(pool, work_copy, POOL_IN(items, 100), POOL_OUT(results), NULL, &future),
            0);
        assert_int_equal(pool_close(pool), 0);
        assert_int_equal(finished, 0);
        assert_int_equal(way ? pool_join(pool) : pool_future_wait(future, -1), 0);
        assert_int_equal(finished, 1);
        assert_int_equal(pool_future_get(future, 0), 0);
        assert_int_equal(results[0], 5);
        pool_future_free(future);
        world_free(pool);
    }
}

static void what_had_not_started_is_lost_with_the_pool(void **state)
{
    int items[100] = {5}, results[100] = {0};
    (void)state;
    for (int way = 0; way < 2; way++) {
        pool_future_t *future;
        const pool_error_t *errors;
        pool_t *pool = pool_with_both();
        assert_int_equal(
            pool_map_async(pool, work_copy, POOL_IN(items, 100), POOL_OUT(results), NULL, &future),
            0);
        if (way == 1)
            assert_int_equal(pool_close(pool), 0);
        assert_int_equal(pool_terminate(pool), 0);
        assert_int_equal(finished, 0);
        assert_int_equal(pool_future_get(future, -1), POOL_ECLOSED);
        assert_int_equal(pool_future_errors(future, &errors), 100);
        assert_int_equal(errors[99].kind, POOL_LOST);
        assert_int_equal(errors[99].code, POOL_ECLOSED);
        assert_int_equal(results[0], 0);
        pool_future_free(future);
        world_free(pool);
    }
}

enum { REFUSAL = __LINE__ + 5 }; /* where pool_fail() is called */

static int refuse(void *initargs, void **task_state, pool_task_t *task)
{
    (void)task_state;
    return initargs ? pool_fail(task, ENODEV, "no %s", (const char *)initargs) : 77;
}

static void a_failed_initializer_fails_the_start_with_its_text(void **state)
{
    char initargs[] = "device", text[500];
    pool_options_t options = {.serial = true, .initializer = refuse, .finalizer = finalize};
    pool_t *pool = NULL;
    (void)state;
    finished = 0;
    assert_int_equal(pool_create(&pool, &options), POOL_EINIT);
    assert_string_equal(pool_create_error(), "the initializer failed with code 77");
    options.initargs = initargs;
    assert_int_equal(pool_create(&pool, &options), POOL_EINIT);
    snprintf(text, sizeof text, "the initializer failed with code %d: no device at %s:%d", ENODEV,
             __FILE__, REFUSAL);
    assert_string_equal(pool_create_error(), text);
    assert_int_equal(finished, 0);
    assert_null(pool);
}

/* ---- Terminating from another thread ---- */

static void *terminate_it(void *pool)
{
    intptr_t error = !deadline_met(5000, runs_any, NULL);
    return (void *)(error ? error : pool_terminate(pool));
}

static void terminate_waits_for_what_runs_and_loses_the_rest(void **state)
{
    int items[10] = {0}, results[10] = {0};
    pthread_t thread;
    void *error;
    (void)state;
    runs_start();
    pool_t *pool = pool_with_both();
    pool_map_options_t options = {.chunksize = 5};
    assert_int_equal(pthread_create(&thread, NULL, terminate_it, pool), 0);
    assert_int_equal(
        pool_map_with(pool, runs_until_cancelled, POOL_IN(items, 10), POOL_OUT(results), &options),
        POOL_ECLOSED);
    pthread_join(thread, &error);
    assert_null(error);
    assert_int_equal(runs_total(), 1);
    assert_int_equal(results[0], 1);
    outcome_errors_in_order(pool, 10, 9);
    for (size_t i = 1; i < 10; i++)
        outcome_is(pool, i, POOL_LOST, POOL_ECLOSED);
    assert_int_equal(finished, 0);
}

/* ---- In functions ---- */

/* The number of the first call that may be made; 0: none. */
static int first_call_allowed(pool_t *pool)
{
    int item = 1, result = 0;
    pool_future_t *future;
    if (pool_map(pool, work_copy, POOL_IN(&item, 1), POOL_OUT(&result)) != POOL_EFORKED)
        return 1;
    if (pool_map_async(pool, work_copy, POOL_IN(&item, 1), POOL_OUT(&result), NULL, &future) !=
        POOL_EFORKED)
        return 2;
    if (pool_close(pool) != POOL_EFORKED || pool_join(pool) != POOL_EFORKED)
        return 3;
    if (pool_terminate(pool) != POOL_EFORKED || pool_step(pool) != POOL_EFORKED)
        return 4;
    if (pool_pids(pool, &item, 1) != POOL_EFORKED || pool_fileno(pool) != POOL_EFORKED)
        return 5;
    return pool_shared_alloc(pool, 1, 1) ? 6 : 0;
}

static int use_pool(const void *item, void *result, pool_task_t *task)
{
    pool_t *pool = *(pool_t *const *)item;
    (void)task;
    *(int *)result = first_call_allowed(pool);
    pool_free(pool);
    return 0;
}

static void functions_cannot_use_the_pools_of_their_host(void **state)
{
    (void)state;
    pool_options_t options = {.serial = true};
    pool_t *pool = world_pool_with(&options);
    pool_t *items[] = {pool, world_pool(1), world_pool_with(&options)};
    int results[3];
    assert_int_equal(
        pool_map(pool, use_pool, POOL_IN_AS(items, 3, &pool_type_plain), POOL_OUT(results)), 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(results[i], 0);
        outcome_pool_works(items[i]);
    }
}

/* Makes pools, serial and with workers, in a function that runs serially; and in their functions the
 * outer ones are out of reach. */
struct depth {
    pool_t *outer;
    int levels;
    bool serial;
};

static int dig(const void *item, void *result, pool_task_t *task)
{
    const struct depth *depth = item;
    int error = 0, inner = 0;
    (void)task;
    if (depth->outer && first_call_allowed(depth->outer) != 0)
        return 1;
    if (depth->levels > 0) {
        pool_options_t options = {.processes = 2, .serial = depth->serial};
        struct depth next = {NULL, depth->levels - 1, depth->serial};
        if ((error = pool_create(&next.outer, &options)) < 0)
            return error;
        pool_t *pool = next.outer;
        error = pool_map(pool, dig, POOL_IN(&next, 1), POOL_OUT(&inner));
        pool_free(pool);
    }
    *(int *)result = inner + 1;
    return error;
}

static void functions_may_make_pools(void **state)
{
    struct depth items[4] = {{NULL, 2, true}, {NULL, 2, false}, {NULL, 3, true}, {NULL, 1, false}};
    int results[4];
    (void)state;
    pool_options_t options = {.serial = true};
    pool_t *pool = world_pool_with(&options);
    for (int i = 0; i < 4; i++)
        items[i].outer = pool;
    assert_int_equal(pool_map(pool, dig, POOL_IN(items, 4), POOL_OUT(results)), 0);
    for (int i = 0; i < 4; i++)
        assert_int_equal(results[i], items[i].levels + 1);
    outcome_pool_works(pool);
}

/* A pool that lives from item to item, and, leaked, longer than the pool it was made in. */
static pool_t *kept;

static int use_kept(const void *item, void *result, pool_task_t *task)
{
    pool_options_t options = {.processes = 1};
    (void)task;
    if (!kept && pool_create(&kept, &options) < 0)
        return 1;
    return pool_map(kept, work_copy, POOL_IN((const int *)item, 1), POOL_OUT((int *)result));
}

static void a_pool_made_in_a_function_may_outlive_its_pool(void **state)
{
    int items[] = {1, 2, 3}, results[3] = {0};
    (void)state;
    pool_options_t options = {.serial = true};
    pool_t *pool = world_pool_with(&options);
    kept = NULL;
    assert_int_equal(pool_map(pool, use_kept, POOL_IN(items, 3), POOL_OUT(results)), 0);
    assert_int_equal(results[2], 3);
    world_free(pool);
    outcome_pool_works(kept);
    pool_free(kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(the_environment_or_an_option_makes_a_pool_serial),
        WORLD_TEST(its_worker_has_the_hosts_pid_until_the_end),
        WORLD_TEST(the_finalizer_runs_once_in_every_peaceful_end),
        WORLD_TEST(work_accepted_before_the_close_is_finished),
        WORLD_TEST(what_had_not_started_is_lost_with_the_pool),
        WORLD_TEST(a_failed_initializer_fails_the_start_with_its_text),
        WORLD_TEST(terminate_waits_for_what_runs_and_loses_the_rest),
        WORLD_TEST(functions_cannot_use_the_pools_of_their_host),
        WORLD_TEST(functions_may_make_pools),
        WORLD_TEST(a_pool_made_in_a_function_may_outlive_its_pool),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
