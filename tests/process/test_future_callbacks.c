/* Callbacks: exactly one at the end of a call, once, from a thread that waits; what they may do. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "support/deadline.h"
#include "support/gate.h"
#include "support/host.h"
#include "support/ledger.h"
#include "support/outcome.h"
#include "support/work.h"
#include "support/world.h"

enum { ITEMS = 60, LONG = 10000 };

/* What was called; asserted on by the test alone. */
struct record {
    pool_t *pool;
    pool_future_t *future;
    pthread_t thread;
    int good, bad;
    bool ready, successful;
    size_t errors;
    int codes[16];
};

static void note(struct record *record, pool_future_t *future)
{
    record->future = future;
    record->thread = pthread_self();
    record->ready = pool_future_ready(future);
    record->successful = pool_future_successful(future);
    record->errors = pool_future_errors(future, NULL);
}

static void on_success(pool_future_t *future, void *context)
{
    struct record *record = context;
    record->good++;
    note(record, future);
}

static void on_failure(pool_future_t *future, void *context)
{
    struct record *record = context;
    record->bad++;
    note(record, future);
}

static pool_map_options_t recorded(struct record *record)
{
    return (pool_map_options_t){
        .callback = on_success, .error_callback = on_failure, .context = record};
}

static int items[ITEMS];

static int fail_at_ten(const void *item, void *result, pool_task_t *task)
{
    return *(const int *)item == 10 ? 5 : work_triple(item, result, task);
}

static int crash_at_ten(const void *item, void *result, pool_task_t *task)
{
    if (*(const int *)item == 10)
        raise(SIGKILL);
    return work_triple(item, result, task);
}

static pool_future_t *start(pool_t *pool, pool_function_t function,
                            const pool_map_options_t *options)
{
    static int results[ITEMS];
    pool_future_t *future = NULL;
    assert_int_equal(
        pool_map_async(pool, function, POOL_IN(items, ITEMS), POOL_OUT(results), options, &future),
        0);
    return future;
}

/* ---- One, once ---- */

static void check_called(pool_t *pool, pool_function_t function, int failed)
{
    struct record record = {.pool = pool};
    pool_map_options_t options = recorded(&record);
    pool_future_t *future = start(pool, function, &options);
    assert_int_equal(record.good + record.bad, 0);
    assert_int_equal(pool_future_get(future, -1), failed);
    assert_int_equal(pool_future_get(future, -1), failed);
    outcome_pool_works(pool);
    assert_int_equal(record.good, failed == 0);
    assert_int_equal(record.bad, failed != 0);
    assert_ptr_equal(record.future, future);
    assert_true(pthread_equal(record.thread, pthread_self()));
    assert_true(record.ready);
    assert_int_equal(record.successful, failed == 0);
    assert_int_equal(record.errors, failed);
    pool_future_free(future);
}

static void exactly_one_of_the_callbacks_is_called_once(void **state)
{
    (void)state;
    pool_t *pool = world_pool(2);
    for (int i = 0; i < 20; i++) {
        check_called(pool, work_triple, 0);
        check_called(pool, fail_at_ten, 1);
        check_called(pool, crash_at_ten, 1);
    }
}

static void blocking_calls_have_callbacks_too(void **state)
{
    int results[ITEMS];
    struct record record = {0};
    (void)state;
    pool_map_options_t options = recorded(&record);
    pool_in_t in = POOL_IN(items, ITEMS);
    pool_t *pool = world_pool(2);
    assert_int_equal(pool_map_with(pool, work_triple, in, POOL_OUT(results), &options), 0);
    assert_int_equal(record.good, 1);
    assert_int_equal(pool_map_with(pool, fail_at_ten, in, POOL_OUT(results), &options), 1);
    assert_int_equal(record.good, 1);
    assert_int_equal(record.bad, 1);
}

static void a_call_of_no_items_calls_back(void **state)
{
    struct record record = {0};
    pool_future_t *future;
    (void)state;
    pool_map_options_t options = recorded(&record);
    assert_int_equal(pool_map_async(world_pool(1), work_triple, POOL_IN(items, 0), POOL_OUT(items),
                                    &options, &future),
                     0);
    assert_int_equal(pool_future_get(future, -1), 0);
    assert_int_equal(record.good, 1);
    pool_future_free(future);
}

static void callbacks_are_made_by_a_thread_that_waits(void **state)
{
    struct record record = {0};
    pthread_t threads[3];
    (void)state;
    pool_map_options_t options = recorded(&record);
    pool_t *pool = world_pool(2);
    pool_future_t *future = start(pool, fail_at_ten, &options);
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, host_wait, future), 0);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(record.bad, 1);
    assert_false(pthread_equal(record.thread, pthread_self()));
    pool_future_free(future);
}

static void callbacks_of_freed_futures_are_called(void **state)
{
    struct record good = {0}, bad = {0};
    (void)state;
    pool_map_options_t for_good = recorded(&good), for_bad = recorded(&bad);
    pool_t *pool = world_pool(2);
    pool_future_free(start(pool, work_triple, &for_good));
    pool_future_free(start(pool, fail_at_ten, &for_bad));
    pool_close(pool);
    assert_int_equal(pool_join(pool), 0);
    assert_int_equal(good.good, 1);
    assert_int_equal(good.bad, 0);
    assert_int_equal(bad.bad, 1);
    assert_int_equal(bad.errors, 1);
    assert_int_equal(bad.good, 0);
}

/* ---- What they may do ---- */

struct relay {
    pool_t *pool;
    int rounds, left, refused;
    int results[ITEMS];
};

static void submit_next(pool_future_t *future, void *context)
{
    struct relay *relay = context;
    pool_map_options_t options = {
        .callback = submit_next, .error_callback = submit_next, .context = relay};
    pool_future_free(future);
    relay->rounds++;
    if (relay->left-- <= 0)
        return;
    pool_in_t in = POOL_IN(items, ITEMS);
    if (pool_map_async(relay->pool, fail_at_ten, in, POOL_OUT(relay->results), &options, NULL))
        relay->refused++;
}

static bool steps_to_the_end(void *pool)
{
    return pool_step(pool) == 0;
}

static void a_callback_may_submit_and_free_its_future(void **state)
{
    (void)state;
    pool_t *pool = world_pool(2);
    struct relay relay = {.pool = pool, .left = 50};
    pool_map_options_t options = {
        .callback = submit_next, .error_callback = submit_next, .context = &relay};
    start(pool, work_triple, &options);
    assert_true(deadline_met(LONG, steps_to_the_end, pool));
    assert_int_equal(relay.rounds, 51);
    assert_int_equal(relay.refused, 0);
    for (int i = 0; i < ITEMS; i++)
        assert_int_equal(relay.results[i], i == 10 ? 0 : 3 * i);
}

static struct ledger *started;

static int wait_until_cancelled(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    (void)result;
    ledger_mark(started, pool_task_index(task));
    for (int64_t end = deadline_now() + LONG; deadline_now() < end;)
        if (pool_task_cancelled(task))
            return 1;
    return 0;
}

struct canceller {
    pool_future_t *victim;
    int error;
};

static void cancel_victim(pool_future_t *future, void *context)
{
    struct canceller *canceller = context;
    (void)future;
    canceller->error = pool_future_cancel(canceller->victim, -1);
}

static void a_callback_may_cancel_another_call(void **state)
{
    int item = 1, result;
    struct canceller canceller = {.error = 1};
    pool_future_t *quick;
    (void)state;
    started = ledger_make(ITEMS);
    pool_t *pool = world_pool(2);
    pool_map_options_t options = {.callback = cancel_victim, .context = &canceller},
                       one = {.chunksize = ITEMS};
    canceller.victim = start(pool, wait_until_cancelled, &one);
    assert_int_equal(
        pool_apply_async(pool, work_triple, POOL_IN(&item, 1), POOL_OUT(&result), &options, &quick),
        0);
    assert_int_equal(pool_future_get(quick, -1), 0);
    assert_int_equal(canceller.error, 0);
    assert_int_equal(pool_future_get(canceller.victim, -1), ITEMS);
    assert_true(ledger_total(started) <= 1);
    pool_future_free(quick);
    pool_future_free(canceller.victim);
}

/* Stopped before and after they were started, and by their time limit. */
static void calls_that_are_stopped_call_back_as_failed(void **state)
{
    (void)state;
    started = ledger_make(ITEMS);
    pool_t *pool = world_pool(2);
    for (int way = 0; way < 4; way++) {
        struct record record = {.pool = pool};
        pool_map_options_t options = recorded(&record);
        options.timeout = way == 3 ? 50 : 0;
        options.chunksize = ITEMS;
        pool_future_t *blocker = way == 0 ? start(pool, wait_until_cancelled, NULL) : NULL;
        pool_future_t *future = start(pool, wait_until_cancelled, &options);
        if (way < 3)
            assert_int_equal(pool_future_cancel(future, way == 2 ? 0 : -1), 0);
        assert_int_equal(pool_future_get(future, LONG), ITEMS);
        assert_int_equal(record.good, 0);
        assert_int_equal(record.bad, 1);
        assert_int_equal(record.errors, ITEMS);
        if (blocker)
            pool_future_cancel(blocker, 0);
        pool_future_free(blocker);
        pool_future_free(future);
    }
    outcome_pool_works(pool);
}

/* ---- What they must not ---- */

static void call_all_that_waits(pool_future_t *future, void *context)
{
    struct record *record = context;
    pool_t *pool = record->pool;
    pool_future_t *ready, *set[1] = {record->future};
    int result[ITEMS], *code = record->codes;
    pool_in_t in = POOL_IN(items, ITEMS);
    *code++ = pool_map(pool, work_triple, in, POOL_OUT(result));
    *code++ = pool_apply(pool, work_triple, POOL_IN(items, 1), POOL_OUT(result));
    *code++ = pool_future_wait(future, -1);
    *code++ = pool_future_get(record->future, -1);
    *code++ = pool_wait(set, 1, POOL_WAIT_ALL, -1);
    *code++ = pool_as_completed(set, 1, -1, &ready);
    *code++ = pool_step(pool);
    *code++ = pool_join(pool);
    *code++ = pool_terminate(pool);
    record->good++;
    pool_free(pool);
}

static struct gate *gate;

static int pass_gate(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    (void)result;
    (void)task;
    return gate_pass(gate) ? 0 : 1;
}

/* The other call goes on meanwhile, on one of the workers. */
static void waiting_in_a_callback_is_refused(void **state)
{
    (void)state;
    gate = gate_make();
    pool_t *pool = world_pool(2);
    struct record record = {.pool = pool};
    pool_map_options_t options = {.callback = call_all_that_waits, .context = &record};
    pool_future_t *other, *future;
    assert_int_equal(pool_map_async(pool, pass_gate, POOL_RANGE(1), POOL_NONE, NULL, &other), 0);
    record.future = other;
    future = start(pool, work_triple, &options);
    assert_int_equal(pool_future_get(future, -1), 0);
    gate_open(gate);
    assert_int_equal(record.good, 1);
    for (int i = 0; i < 9; i++)
        assert_int_equal(record.codes[i], POOL_EBUSY);
    assert_int_equal(pool_future_get(other, -1), 0);
    outcome_pool_works(pool);
    pool_future_free(future);
    pool_future_free(other);
}

/* ---- Two calls ---- */

/* What a call was told. */
struct told {
    _Atomic size_t done;
    _Atomic size_t at_end; /* `done`, when its last callback was made */
};

static void note_progress(void *context, const pool_progress_t *progress)
{
    struct told *told = context;
    atomic_store(&told->done, progress->done);
}

static void note_end(pool_future_t *future, void *context)
{
    struct told *told = context;
    (void)future;
    atomic_store(&told->at_end, told->done);
}

/* Lets the items of the other call end, and another thread find that they have. */
static void take_long(pool_future_t *future, void *context)
{
    const struct timespec moment = {.tv_nsec = 50000000};
    (void)future;
    (void)context;
    gate_open(gate);
    nanosleep(&moment, NULL);
}

/* Looks again and again, since a thread that waits looks only when it begins to. */
static void *wait_for_future(void *future)
{
    int code;
    while ((code = pool_future_wait(future, 1)) == -ETIMEDOUT)
        ;
    return code == 0 ? NULL : future;
}

static void the_last_progress_comes_before_the_end(void **state)
{
    pool_future_t *first, *second;
    pthread_t thread;
    struct told told = {0};
    void *failed;
    (void)state;
    gate = gate_make();
    pool_t *pool = world_pool(1);
    pool_map_options_t slow = {.callback = take_long};
    pool_map_options_t watched = {
        .callback = note_end, .progress = note_progress, .context = &told};
    assert_int_equal(pool_map_async(pool, work_nothing, POOL_RANGE(1), POOL_NONE, &slow, &first),
                     0);
    assert_int_equal(pool_map_async(pool, pass_gate, POOL_RANGE(1), POOL_NONE, &watched, &second),
                     0);
    assert_int_equal(pthread_create(&thread, NULL, wait_for_future, second), 0);
    assert_int_equal(pool_future_wait(first, LONG), 0);
    assert_int_equal(pthread_join(thread, &failed), 0);
    assert_null(failed);
    assert_int_equal(atomic_load(&told.at_end), 1);
    pool_future_free(first);
    pool_future_free(second);
}

static void pull(pool_future_t *future, void *context)
{
    struct record *record = context;
    pool_iterator_t *iterator = NULL;
    pool_source_t source = {.in = POOL_IN(items, ITEMS)};
    int result;
    (void)future;
    record->codes[0] =
        pool_imap(record->pool, work_triple, &source, POOL_RESULT(int), NULL, &iterator);
    record->codes[1] = pool_next(iterator, &result, -1);
    pool_iterator_free(iterator);
}

static void a_callback_may_start_an_iteration_but_not_wait_for_it(void **state)
{
    (void)state;
    pool_t *pool = world_pool(2);
    struct record record = {.pool = pool};
    pool_map_options_t options = {.callback = pull, .context = &record};
    pool_future_t *future = start(pool, work_triple, &options);
    assert_int_equal(pool_future_get(future, -1), 0);
    assert_int_equal(record.codes[0], 0);
    assert_int_equal(record.codes[1], POOL_EBUSY);
    pool_future_free(future);
    outcome_pool_works(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(exactly_one_of_the_callbacks_is_called_once),
        WORLD_TEST(blocking_calls_have_callbacks_too),
        WORLD_TEST(a_call_of_no_items_calls_back),
        WORLD_TEST(callbacks_are_made_by_a_thread_that_waits),
        WORLD_TEST(callbacks_of_freed_futures_are_called),
        WORLD_TEST(a_callback_may_submit_and_free_its_future),
        WORLD_TEST(a_callback_may_cancel_another_call),
        WORLD_TEST(calls_that_are_stopped_call_back_as_failed),
        WORLD_TEST(waiting_in_a_callback_is_refused),
        WORLD_TEST(the_last_progress_comes_before_the_end),
        WORLD_TEST(a_callback_may_start_an_iteration_but_not_wait_for_it),
    };
    for (int i = 0; i < ITEMS; i++)
        items[i] = i;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
