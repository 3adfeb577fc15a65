/* Calls by the thousand and errors by the megabyte: none is lost or shared, none holds up the end of
 * the pool, and what was delivered takes no more memory. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/deadline.h"
#include "support/gate.h"
#include "support/host.h"
#include "support/ledger.h"
#include "support/outcome.h"
#include "support/process.h"
#include "support/work.h"
#include "support/world.h"

/* Under sanitizers freed memory is kept for a while. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { KEEPS_FREED_MEMORY = 1 };
#else
enum { KEEPS_FREED_MEMORY = 0 };
#endif

enum { QUEUED = 10000, WORKERS = 2, LONG = 20000, PROMPT = 3000 };

static struct ledger *executions;
static struct gate *gate;

static int items[QUEUED], results[QUEUED];

static int triple_behind_gate(const void *item, void *result, pool_task_t *task)
{
    int value = *(const int *)item;
    (void)task;
    if (!gate_pass(gate))
        return 1;
    ledger_mark(executions, (size_t)value);
    *(int *)result = 3 * value;
    return 0;
}

static int sleep_for_ever(const void *item, void *result, pool_task_t *task)
{
    ledger_mark(executions, (size_t) * (const int *)item);
    (void)result;
    (void)task;
    for (;;)
        poll(NULL, 0, -1);
    return 0;
}

static pool_t *make_pool(void)
{
    executions = ledger_make(QUEUED);
    gate = gate_make();
    memset(results, 0, sizeof results);
    return world_pool(WORKERS);
}

/* ---- Calls ---- */

/* Nobody takes a result before all have been submitted; of every other one nobody asks at all. */
static void thousands_of_calls_are_finished_by_a_close(void **state)
{
    const int count = QUEUED / deadline_slowness();
    int good = 0, bad = 0;
    (void)state;
    pool_t *pool = make_pool();
    for (int i = 0; i < count; i++) {
        pool_map_options_t options = {
            .callback = host_count_call, .error_callback = host_count_call, .context = &good};
        pool_future_t *future = NULL;
        bad += pool_apply_async(pool, triple_behind_gate, POOL_IN(&items[i], 1),
                                POOL_OUT(&results[i]), &options, i % 2 ? &future : NULL) != 0;
        pool_future_free(future);
    }
    gate_open(gate);
    assert_int_equal(bad, 0);
    assert_int_equal(pool_close(pool), 0);
    assert_int_equal(pool_join(pool), 0);
    assert_int_equal(good, count);
    assert_int_equal(ledger_total(executions), count);
    for (int i = 0; i < count; i++)
        assert_int_equal(results[i], 3 * i);
}

/* Terminates when all workers run an item that never ends. */
static void terminate_busy(pool_t *pool)
{
    assert_true(ledger_reaches(executions, WORKERS, LONG));
    int64_t began = deadline_now();
    assert_int_equal(pool_terminate(pool), 0);
    assert_int_equal(pool_join(pool), 0);
    assert_true(deadline_kept(began, PROMPT));
    assert_int_equal(ledger_total(executions), WORKERS);
}

static void a_pool_with_ten_thousand_long_items_queued_ends_at_once(void **state)
{
    const pool_error_t *errors;
    pool_future_t *future;
    (void)state;
    pool_t *pool = make_pool();
    pool_map_options_t options = {.chunksize = 1};
    pool_in_t in = POOL_IN(items, QUEUED);
    assert_int_equal(pool_map_async(pool, sleep_for_ever, in, POOL_OUT(results), &options, &future),
                     0);
    terminate_busy(pool);
    assert_int_equal(pool_future_get(future, 0), POOL_ECLOSED);
    assert_int_equal(pool_future_errors(future, &errors), QUEUED);
    for (size_t i = 0; i < QUEUED; i++)
        assert_true(errors[i].index == i && errors[i].kind == POOL_LOST);
    pool_future_free(future);
}

static void a_pool_with_ten_thousand_long_calls_queued_ends_at_once(void **state)
{
    const int count = QUEUED / deadline_slowness();
    pool_future_t **futures = world_alloc(QUEUED, sizeof(pool_future_t *));
    (void)state;
    pool_t *pool = make_pool();
    for (int i = 0; i < count; i++)
        if (pool_apply_async(pool, sleep_for_ever, POOL_IN(&items[i], 1), POOL_OUT(&results[i]),
                             NULL, &futures[i]) != 0)
            fail_msg("call %d is refused", i);
    terminate_busy(pool);
    for (int i = 0; i < count; i++) {
        assert_int_equal(pool_future_get(futures[i], 0), POOL_ECLOSED);
        assert_int_equal(pool_future_errors(futures[i], NULL), 1);
        pool_future_free(futures[i]);
    }
}

/* ---- Errors ---- */

static int fail_at_length(const void *item, void *result, pool_task_t *task)
{
    int value = *(const int *)item;
    (void)result;
    ledger_mark(executions, (size_t)value);
    return pool_fail(task, value + 1, "%0*d", POOL_MESSAGE_MAX, value);
}

/* Ten megabytes of them: all items are run, and nobody waits for room for ever. */
static void messages_of_the_greatest_length_do_not_hold_up_a_join(void **state)
{
    static const size_t chunks[] = {0, 1, QUEUED};
    char expected[POOL_MESSAGE_MAX + 1];
    (void)state;
    for (size_t k = 0; k < 3; k++) {
        const pool_error_t *errors;
        pool_future_t *future;
        pool_t *pool = make_pool();
        pool_map_options_t options = {.chunksize = chunks[k]};
        assert_int_equal(pool_map_async(pool, fail_at_length, POOL_IN(items, QUEUED), POOL_NONE,
                                        &options, &future),
                         0);
        assert_int_equal(pool_close(pool), 0);
        assert_int_equal(pool_join(pool), 0);
        assert_int_equal(pool_future_get(future, 0), QUEUED);
        assert_int_equal(pool_future_errors(future, &errors), QUEUED);
        for (int i = 0; i < QUEUED; i++) {
            snprintf(expected, sizeof expected, "%0*d", POOL_MESSAGE_MAX, i);
            if (errors[i].code != i + 1 || strcmp(errors[i].message, expected) != 0)
                fail_msg("item %d: %d, %s", i, errors[i].code, errors[i].message);
        }
        assert_true(ledger_all_within(executions, 1, 1));
        pool_future_free(future);
        world_free(pool);
    }
}

/* ---- Everybody's own error ---- */

enum { CALLS = 20 };

/* Each has one error, which stays as it is while the others' are freed. Frees all. */
static void check_own_errors(pool_future_t **futures, pool_error_kind_t kind, int code,
                             const char *words)
{
    for (size_t i = 0; i < CALLS; i++) {
        for (size_t k = i; k < CALLS; k++) {
            const pool_error_t *error = NULL, *first = NULL;
            assert_int_equal(pool_future_errors(futures[k], &error), 1);
            assert_int_equal(error->kind, kind);
            assert_int_equal(error->code, code);
            assert_non_null(strstr(error->message, words));
            pool_future_errors(futures[i], &first);
            assert_int_equal(error == first, k == i);
        }
        pool_future_free(futures[i]);
    }
}

static void every_call_of_a_broken_pool_has_an_error_of_its_own(void **state)
{
    pool_future_t *futures[CALLS];
    pid_t worker;
    (void)state;
    world_expect_orphans();
    pool_t *pool = make_pool();
    for (int i = 0; i < CALLS; i++)
        assert_int_equal(pool_apply_async(pool, sleep_for_ever, POOL_IN(&items[i], 1), POOL_NONE,
                                          NULL, &futures[i]),
                         0);
    assert_int_equal(pool_pids(pool, &worker, 1), WORKERS);
    assert_true(process_kill(process_supervisor(worker)));
    for (int i = 0; i < CALLS; i++)
        assert_int_equal(pool_future_get(futures[i], PROMPT), POOL_EBROKEN);
    check_own_errors(futures, POOL_LOST, POOL_EBROKEN, "");
}

static int refuse(const void *value, pool_writer_t *writer)
{
    (void)value;
    (void)writer;
    return -EXDEV;
}

static const pool_type_t stubborn_type = {.name = "stubborn",
                                          .kind = POOL_KIND_CUSTOM,
                                          .size = sizeof(int),
                                          .pack = refuse,
                                          .unpack = work_unpack_nothing};

static void results_that_cannot_be_packed_cost_no_worker(void **state)
{
    pool_future_t *futures[CALLS];
    (void)state;
    pool_t *pool = make_pool();
    for (int i = 0; i < CALLS; i++)
        assert_int_equal(pool_apply_async(pool, work_nothing, POOL_IN(&items[i], 1),
                                          POOL_OUT_AS(&results[i], &stubborn_type), NULL,
                                          &futures[i]),
                         0);
    for (int i = 0; i < CALLS; i++)
        assert_int_equal(pool_future_get(futures[i], -1), 1);
    check_own_errors(futures, POOL_FAILED, -EXDEV, "the result could not be packed");
    outcome_pool_works(pool);
    assert_int_equal(pool_replaced(pool), 0);
}

/* Packed on the host's side, when the pool may be closed already. */
static void items_that_cannot_be_packed_do_not_hold_up_the_end(void **state)
{
    (void)state;
    for (int round = 0; round < 2; round++) {
        pool_future_t *futures[CALLS];
        pool_t *pool = make_pool();
        for (int i = 0; i < CALLS; i++)
            assert_int_equal(pool_apply_async(pool, work_nothing,
                                              POOL_IN_AS(&items[i], 1, &stubborn_type), POOL_NONE,
                                              NULL, &futures[i]),
                             0);
        assert_int_equal(pool_close(pool), 0);
        assert_int_equal(round ? pool_terminate(pool) : pool_join(pool), 0);
        for (int i = 0; i < CALLS; i++)
            assert_true(pool_future_get(futures[i], 0) == 1);
        check_own_errors(futures, POOL_FAILED, -EXDEV, "the item could not be packed");
        world_free(pool);
    }
}

/* ---- Memory ---- */

enum { ROUND = 50, TEXT = 10000 };

static int copy_or_fail(const void *item, void *result, pool_task_t *task)
{
    const char *text = *(char *const *)item;
    if (text[0] == 'c')
        return pool_fail(task, 1, "%.900s", text);
    *(char **)result = (char *)(uintptr_t)text;
    return 0;
}

/* Calls of a text each, of which every third fails. */
static void call_with_texts(pool_t *pool, int rounds)
{
    static char text[3][TEXT + 1];
    char *given[ROUND], *got[ROUND];
    pool_future_t *futures[ROUND];
    for (int i = 0; i < 3; i++)
        memset(text[i], 'a' + i, TEXT);
    for (int round = 0; round < rounds; round++) {
        for (int i = 0; i < ROUND; i++) {
            given[i] = text[i % 3];
            assert_int_equal(pool_apply_async(pool, copy_or_fail, POOL_IN(&given[i], 1),
                                              POOL_OUT(&got[i]), NULL, &futures[i]),
                             0);
        }
        for (int i = 0; i < ROUND; i++) {
            assert_int_equal(pool_future_get(futures[i], -1), i % 3 == 2);
            assert_true(i % 3 == 2 ? !got[i] : strcmp(got[i], given[i]) == 0);
            pool_future_free(futures[i]);
        }
        pool_release(&pool_type_text, got, ROUND);
    }
}

static void what_futures_delivered_takes_no_more_memory(void **state)
{
    const int rounds = 200 / deadline_slowness();
    (void)state;
    pool_t *pool = make_pool();
    call_with_texts(pool, rounds / 4);
    long before = process_kilobytes(getpid(), "VmRSS");
    assert_true(before > 0);
    call_with_texts(pool, rounds);
    assert_true(KEEPS_FREED_MEMORY || process_kilobytes(getpid(), "VmRSS") < before + 1024);
    outcome_pool_works(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(thousands_of_calls_are_finished_by_a_close),
        WORLD_TEST(a_pool_with_ten_thousand_long_items_queued_ends_at_once),
        WORLD_TEST(a_pool_with_ten_thousand_long_calls_queued_ends_at_once),
        WORLD_TEST(messages_of_the_greatest_length_do_not_hold_up_a_join),
        WORLD_TEST(every_call_of_a_broken_pool_has_an_error_of_its_own),
        WORLD_TEST(results_that_cannot_be_packed_cost_no_worker),
        WORLD_TEST(items_that_cannot_be_packed_do_not_hold_up_the_end),
        WORLD_TEST(what_futures_delivered_takes_no_more_memory),
    };
    for (int i = 0; i < QUEUED; i++)
        items[i] = i;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
