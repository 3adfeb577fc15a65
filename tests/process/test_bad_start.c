/* Initializers that fail: pool_create() says so, and why, at once, and leaves nothing; in
 * replacements they break the pool, at once too. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/deadline.h"
#include "support/ledger.h"
#include "support/outcome.h"
#include "support/world.h"

enum { PROMPT = 3000 };

static struct ledger *starts; /* 0: all of them */

static int return_code(void *argument, void **state, pool_task_t *task)
{
    (void)argument;
    (void)state;
    (void)task;
    ledger_mark(starts, 0);
    return -8;
}

static int say_why(void *argument, void **state, pool_task_t *task)
{
    (void)state;
    ledger_mark(starts, 0);
    return pool_fail(task, ENOENT, "no model at %s", (const char *)argument);
}

static int crash(void *argument, void **state, pool_task_t *task)
{
    (void)argument;
    (void)state;
    (void)task;
    ledger_mark(starts, 0);
    raise(SIGSEGV);
    return 0;
}

static int leave(void *argument, void **state, pool_task_t *task)
{
    (void)state;
    (void)task;
    ledger_mark(starts, 0);
    if (argument)
        exit(0);
    _exit(3);
}

static void *wait_for_ever(void *unused)
{
    (void)unused;
    for (;;)
        pause();
    return NULL;
}

static int end_first_of_two_threads(void *argument, void **state, pool_task_t *task)
{
    pthread_t thread;
    (void)argument;
    (void)state;
    (void)task;
    ledger_mark(starts, 0);
    if (pthread_create(&thread, NULL, wait_for_ever, NULL) == 0)
        pthread_exit(NULL);
    return 1;
}

static int fail_in_one(void *argument, void **state, pool_task_t *task)
{
    (void)argument;
    (void)state;
    ledger_mark(starts, 0);
    return pool_task_worker(task) == 2 ? pool_fail(task, 1, "worker 2 is unwell") : 0;
}

static int hang_or_crash(void *argument, void **state, pool_task_t *task)
{
    (void)argument;
    (void)state;
    ledger_mark(starts, 0);
    if (pool_task_worker(task) == 1)
        abort();
    while (pause() < 0)
        ;
    return 0;
}

static int hang_deaf(void *argument, void **state, pool_task_t *task)
{
    (void)argument;
    (void)state;
    (void)task;
    signal(SIGTERM, SIG_IGN);
    while (pause() < 0)
        ;
    return 0;
}

/* Asserts that pool_create() fails soon, names `words`, forks little and leaves nothing. */
static void check_failed_start(int processes, pool_initializer_t initializer, void *initargs,
                               const char *words)
{
    pool_t *pool = (pool_t *)&starts;
    pool_options_t options = {
        .processes = processes, .initializer = initializer, .initargs = initargs, .grace = 200};
    starts = starts ? starts : ledger_make(1);
    ledger_clear(starts);
    int64_t began = deadline_now();
    assert_int_equal(pool_create(&pool, &options), POOL_EINIT);
    assert_true(deadline_kept(began, PROMPT));
    assert_ptr_equal(pool, &starts);
    if (!strstr(pool_create_error(), words))
        fail_msg("\"%s\" does not say \"%s\"", pool_create_error(), words);
    assert_true(world_empties(0));
    assert_in_range(ledger_count(starts, 0), 1, 3 * processes + 10); /* a busy host hears late */
}

static void a_failed_initializer_fails_the_start(void **state)
{
    char path[] = "/nowhere";
    (void)state;
    starts = NULL;
    check_failed_start(2, return_code, NULL, "-8");
    check_failed_start(2, say_why, path, "no model at /nowhere");
    check_failed_start(2, say_why, path, "test_bad_start.c:");
    check_failed_start(2, crash, NULL, "SIGSEGV");
    check_failed_start(2, leave, NULL, "status 3");
    check_failed_start(2, leave, path, "status 0");
    check_failed_start(3, fail_in_one, NULL, "worker 2 is unwell");
    check_failed_start(1, crash, NULL, "SIGSEGV");
    if (!deadline_valgrind()) /* it finds a leak then */
        check_failed_start(2, end_first_of_two_threads, NULL, "status 0");
}

static void a_failed_initializer_among_many_workers_fails_the_start(void **state)
{
    (void)state;
    starts = NULL;
    check_failed_start(80, return_code, NULL, "-8");
    check_failed_start(80, fail_in_one, NULL, "unwell");
}

static void a_failed_initializer_is_not_held_up_by_hanging_ones(void **state)
{
    (void)state;
    starts = NULL;
    check_failed_start(3, hang_or_crash, NULL, "SIGABRT");
}

static void the_error_is_of_the_last_creation(void **state)
{
    pool_t *pool;
    (void)state;
    starts = NULL;
    check_failed_start(1, return_code, NULL, "-8");
    pool_options_t bad = {.processes = -1};
    assert_int_equal(pool_create(&pool, &bad), POOL_EPROCESSES);
    assert_string_equal(pool_create_error(), "");
    check_failed_start(1, return_code, NULL, "-8");
    outcome_pool_works(world_pool(1));
    assert_string_equal(pool_create_error(), "");
}

static void a_hanging_initializer_ends_with_a_timeout(void **state)
{
    pool_t *pool;
    (void)state;
    pool_options_t options = {
        .processes = 2, .initializer = hang_deaf, .start_timeout = 150, .grace = 100};
    int64_t began = deadline_now();
    assert_int_equal(pool_create(&pool, &options), -ETIMEDOUT);
    int64_t took = deadline_now() - began;
    assert_true(took >= 150 && deadline_kept(began, PROMPT));
    assert_string_equal(pool_create_error(), "");
    assert_true(world_empties(0));
}

/* ---- Replacements ---- */

static struct ledger *calls; /* of the initializer, by worker */

/* Succeeds once in each worker number. */
static int succeed_once(void *argument, void **state, pool_task_t *task)
{
    (void)argument;
    (void)state;
    size_t worker = (size_t)pool_task_worker(task);
    ledger_mark(calls, worker);
    return ledger_count(calls, worker) == 1 ? 0 : pool_fail(task, 5, "cannot start again");
}

/* Fails two times out of three. */
static int succeed_at_times(void *argument, void **state, pool_task_t *task)
{
    (void)argument;
    (void)state;
    (void)task;
    ledger_mark(calls, 0);
    return ledger_count(calls, 0) <= 1 || ledger_count(calls, 0) % 3 == 0 ? 0 : -1;
}

/* What is 1 crashes; the rest takes a while. */
static int crash_or_work(const void *item, void *result, pool_task_t *task)
{
    int value = *(const int *)item;
    (void)task;
    if (value == 1)
        abort();
    for (int64_t end = deadline_now() + value; deadline_now() < end;)
        ;
    *(int *)result = 1;
    return 0;
}

static void a_pool_that_cannot_replace_its_workers_breaks(void **state)
{
    int items[50] = {0}, results[50] = {0};
    (void)state;
    calls = ledger_make(2);
    pool_options_t options = {.processes = 2, .initializer = succeed_once};
    pool_t *pool = world_pool_with(&options);
    items[3] = items[4] = items[5] = 1;
    int64_t began = deadline_now();
    assert_int_equal(pool_map(pool, crash_or_work, POOL_IN(items, 50), POOL_OUT(results)),
                     POOL_EBROKEN);
    assert_true(deadline_kept(began, PROMPT));
    outcome_is(pool, 3, POOL_CRASHED, SIGABRT);
    for (size_t i = 0; i < 50; i++)
        assert_true(results[i] ? !outcome_of(pool, i) : outcome_of(pool, i) != NULL);
    const pool_error_t *lost = outcome_of(pool, 49);
    assert_int_equal(lost->kind, POOL_LOST);
    if (!strstr(lost->message, "cannot start again"))
        fail_msg("\"%s\" does not say why", lost->message);
    assert_in_range(ledger_total(calls), 3, 30);
    assert_int_equal(pool_map(pool, crash_or_work, POOL_IN(items, 1), POOL_OUT(results)),
                     POOL_EBROKEN);
}

/* One of two workers is still there, and enough. */
static void a_pool_that_keeps_one_worker_goes_on(void **state)
{
    int items[300], results[300] = {0};
    (void)state;
    calls = ledger_make(2);
    pool_options_t options = {.processes = 2, .initializer = succeed_once};
    pool_t *pool = world_pool_with(&options);
    for (int i = 0; i < 300; i++)
        items[i] = i == 1 ? 1 : 2;
    assert_int_equal(pool_map(pool, crash_or_work, POOL_IN(items, 300), POOL_OUT(results)), 1);
    outcome_is(pool, 1, POOL_CRASHED, SIGABRT);
    for (int i = 0; i < 300; i++)
        assert_int_equal(results[i], i != 1);
}

static void a_replacement_is_tried_more_than_once(void **state)
{
    int items[20], results[20] = {0};
    (void)state;
    calls = ledger_make(1);
    pool_options_t options = {.processes = 1, .initializer = succeed_at_times};
    pool_t *pool = world_pool_with(&options);
    for (int i = 0; i < 20; i++)
        items[i] = i % 2;
    assert_int_equal(pool_map(pool, crash_or_work, POOL_IN(items, 20), POOL_OUT(results)), 10);
    for (int i = 0; i < 20; i++)
        assert_int_equal(results[i], i % 2 == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(a_failed_initializer_fails_the_start),
        WORLD_TEST(a_failed_initializer_among_many_workers_fails_the_start),
        WORLD_TEST(a_failed_initializer_is_not_held_up_by_hanging_ones),
        WORLD_TEST(the_error_is_of_the_last_creation),
        WORLD_TEST(a_hanging_initializer_ends_with_a_timeout),
        WORLD_TEST(a_pool_that_cannot_replace_its_workers_breaks),
        WORLD_TEST(a_pool_that_keeps_one_worker_goes_on),
        WORLD_TEST(a_replacement_is_tried_more_than_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
