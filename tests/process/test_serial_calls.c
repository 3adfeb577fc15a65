/* Calls on a serial pool that do not wait, or not for ever: whoever looks runs a chunk. */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "support/deadline.h"
#include "support/host.h"
#include "support/outcome.h"
#include "support/process.h"
#include "support/runs.h"
#include "support/world.h"

enum { COUNT = 100 };

static int items[COUNT], order[2 * COUNT];
static atomic_int ran, at_once, most_at_once;

static pool_t *serial_pool(void)
{
    pool_options_t options = {.serial = true};
    for (int i = 0; i < COUNT; i++)
        items[i] = i;
    atomic_store(&ran, 0);
    atomic_store(&most_at_once, 0);
    return world_pool_with(&options);
}

/* Notes that it ran, as which, and beside how many others. */
static int note(const void *item, void *result, pool_task_t *task)
{
    int others = atomic_fetch_add(&at_once, 1);
    (void)task;
    if (others > atomic_load(&most_at_once))
        atomic_store(&most_at_once, others);
    order[atomic_fetch_add(&ran, 1) % (2 * COUNT)] = *(const int *)item;
    if (result)
        *(int *)result = 2 * *(const int *)item;
    atomic_fetch_sub(&at_once, 1);
    return *(const int *)item < 0;
}

static void polling_a_future_runs_a_chunk_each_time(void **state)
{
    int results[COUNT];
    pool_future_t *future;
    (void)state;
    pool_t *pool = serial_pool();
    pool_map_options_t options = {.chunksize = 10};
    for (int way = 0; way < 4; way++) {
        int looks = 0;
        memset(results, 0, sizeof results);
        atomic_store(&ran, 0);
        assert_int_equal(
            pool_map_async(pool, note, POOL_IN(items, COUNT), POOL_OUT(results), &options, &future),
            0);
        assert_int_equal(atomic_load(&ran), 0);
        for (bool ready = false; !ready;) {
            ready = way == 0   ? pool_future_ready(future)
                    : way == 1 ? pool_step(pool) == 0
                    : way == 2 ? pool_future_wait(future, 0) == 0
                               : pool_future_successful(future);
            assert_int_equal(atomic_load(&ran), ++looks * 10);
        }
        assert_int_equal(looks, 10);
        for (int i = 0; i < COUNT; i++)
            assert_int_equal(results[i], 2 * i);
        pool_future_free(future);
    }
}

static bool readable(int descriptor)
{
    struct pollfd event = {.fd = descriptor, .events = POLLIN};
    return poll(&event, 1, 0) == 1;
}

static void the_descriptor_is_readable_while_there_is_something_to_run(void **state)
{
    (void)state;
    pool_t *pool = serial_pool();
    int descriptor = pool_fileno(pool), steps = 0;
    pool_map_options_t options = {.chunksize = 10};
    assert_true(descriptor >= 0);
    assert_false(readable(descriptor));
    for (int round = 0; round < 3; round++) {
        assert_int_equal(
            pool_map_async(pool, note, POOL_IN(items, COUNT), POOL_NONE, &options, NULL), 0);
        while (readable(descriptor)) {
            int unfinished = pool_step(pool);
            assert_int_equal(unfinished, ++steps % 10 != 0);
        }
        assert_int_equal(steps, 10 * (round + 1));
    }
    assert_int_equal(atomic_load(&ran), 3 * COUNT);
    assert_int_equal(pool_map(pool, note, POOL_IN(items, COUNT), POOL_NONE), 0);
    pool_step(pool);
    assert_false(readable(descriptor));
}

/* uv_run() runs everything, and returns when nothing is left. */
static void a_loop_runs_it(void **state)
{
    uv_loop_t loop;
    int called = 0;
    (void)state;
    pool_t *pool = serial_pool();
    pool_map_options_t options = {.chunksize = 10, .callback = host_count_call, .context = &called};
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(pool_attach(pool, &loop), 0);
    for (int round = 1; round <= 3; round++) {
        assert_int_equal(
            pool_map_async(pool, note, POOL_IN(items, COUNT), POOL_NONE, &options, NULL), 0);
        assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
        assert_int_equal(called, round);
        assert_int_equal(atomic_load(&ran), round * COUNT);
    }
    assert_int_equal(pool_attach(pool, NULL), 0);
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&loop), 0);
}

struct looped {
    pool_t *pool;
    int called;
    intptr_t failed;
};

static void *map_in_thread(void *argument)
{
    struct looped *looped = argument;
    pool_map_options_t options = {
        .chunksize = 10, .callback = host_count_call, .context = &looped->called};
    looped->failed = pool_map_with(looped->pool, note, POOL_IN(items, COUNT), POOL_NONE, &options);
    return NULL;
}

static void on_timer(uv_timer_t *timer)
{
    const struct looped *looped = timer->data;
    if (looped->called)
        uv_close((uv_handle_t *)timer, NULL);
}

/* One thread runs the items, and its callback is made by the loop's, which a timer keeps alive. */
static void a_thread_waits_for_callbacks_that_are_the_loops(void **state)
{
    uv_loop_t loop;
    uv_timer_t timer;
    pthread_t thread;
    (void)state;
    struct looped looped = {.pool = serial_pool()};
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(uv_timer_init(&loop, &timer), 0);
    timer.data = &looped;
    assert_int_equal(uv_timer_start(&timer, on_timer, 1, 1), 0);
    assert_int_equal(pool_attach(looped.pool, &loop), 0);
    assert_int_equal(pthread_create(&thread, NULL, map_in_thread, &looped), 0);
    uv_run(&loop, UV_RUN_DEFAULT);
    pthread_join(thread, NULL);
    assert_int_equal(looped.called, 1);
    assert_int_equal(looped.failed, 0);
    assert_int_equal(pool_attach(looped.pool, NULL), 0);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
}

/* ---- Callbacks ---- */

struct calls {
    pool_t *pool;
    int good, bad, progress, wrong;
    size_t ended;
    pool_future_t *second;
};

static void on_progress(void *context, const pool_progress_t *progress)
{
    struct calls *calls = context;
    calls->progress++;
    calls->wrong +=
        progress->done < calls->ended || progress->failed > 1 || progress->total != COUNT;
    calls->ended = progress->done;
}

/* A callback may submit, and run nothing. */
static void on_end(pool_future_t *future, void *context)
{
    struct calls *calls = context;
    int before = atomic_load(&ran), item = 1;
    calls->good++;
    calls->wrong += pool_future_wait(future, 0) != 0; /* it is over */
    calls->wrong += pool_map(calls->pool, note, POOL_IN(&item, 1), POOL_NONE) != POOL_EBUSY;
    calls->wrong += pool_step(calls->pool) != POOL_EBUSY;
    if (!calls->second)
        calls->wrong += pool_map_async(calls->pool, note, POOL_IN(items, COUNT), POOL_NONE, NULL,
                                       &calls->second) != 0;
    calls->wrong += pool_future_ready(calls->second);
    calls->wrong += atomic_load(&ran) != before;
}

static void on_failure(pool_future_t *future, void *context)
{
    struct calls *calls = context;
    (void)future;
    calls->bad++;
}

static void callbacks_come_and_may_submit(void **state)
{
    (void)state;
    pool_t *pool = serial_pool();
    struct calls calls = {.pool = pool};
    pool_map_options_t options = {.chunksize = 10,
                                  .progress = on_progress,
                                  .callback = on_end,
                                  .error_callback = on_failure,
                                  .context = &calls};
    pool_future_t *future;
    assert_int_equal(
        pool_map_async(pool, note, POOL_IN(items, COUNT), POOL_NONE, &options, &future), 0);
    while (!calls.good)
        pool_step(pool);
    assert_int_equal(calls.wrong, 1); /* the future is not ready in its own callback */
    assert_int_equal(calls.progress, 10);
    assert_int_equal(pool_future_get(calls.second, -1), 0);
    items[7] = -1;
    calls.ended = 0;
    assert_int_equal(pool_map_with(pool, note, POOL_IN(items, COUNT), POOL_NONE, &options), 1);
    assert_int_equal(calls.good, 1);
    assert_int_equal(calls.bad, 1);
    assert_int_equal(calls.progress, 20);
    pool_future_free(future);
    pool_future_free(calls.second);
}

/* Also before what the less urgent call has given out. */
static void higher_priorities_are_run_first(void **state)
{
    enum { URGENT = COUNT / 2 };
    pool_future_t *futures[2];
    int marks[COUNT];
    (void)state;
    pool_t *pool = serial_pool();
    pool_map_options_t options = {.priority = 1};
    for (int i = 0; i < COUNT; i++)
        marks[i] = COUNT + i;
    assert_int_equal(
        pool_map_async(pool, note, POOL_IN(items, COUNT), POOL_NONE, NULL, &futures[0]), 0);
    assert_int_equal(
        pool_map_async(pool, note, POOL_IN(marks, URGENT), POOL_NONE, &options, &futures[1]), 0);
    assert_int_equal(pool_wait(futures, 2, POOL_WAIT_ALL, -1), 2);
    for (int i = 0; i < COUNT + URGENT; i++)
        assert_int_equal(order[i], i < URGENT ? marks[i] : i - URGENT);
    pool_future_free(futures[0]);
    pool_future_free(futures[1]);
}

/* ---- Cancelling and time ---- */

static void what_has_not_started_can_be_cancelled(void **state)
{
    pool_future_t *future;
    const pool_error_t *errors;
    (void)state;
    pool_t *pool = serial_pool();
    pool_map_options_t options = {.chunksize = 10};
    for (int grace = -1; grace < 2; grace++) {
        assert_int_equal(
            pool_map_async(pool, note, POOL_IN(items, COUNT), POOL_NONE, &options, &future), 0);
        assert_false(pool_future_ready(future));
        assert_int_equal(pool_future_cancel(future, grace), 0);
        assert_int_equal(pool_future_get(future, -1), COUNT - 10);
        assert_int_equal(pool_future_errors(future, &errors), COUNT - 10);
        assert_int_equal(errors[0].index, 10);
        assert_int_equal(errors[0].kind, POOL_CANCELLED);
        assert_int_equal(pool_future_cancel(future, 0), -EALREADY);
        pool_future_free(future);
        outcome_pool_works(pool);
    }
}

static void *cancel_it(void *future)
{
    intptr_t error = !deadline_met(5000, runs_any, NULL);
    return (void *)(error ? error : pool_future_cancel(future, 0));
}

static void an_item_that_runs_sees_that_it_is_cancelled_and_ends_by_itself(void **state)
{
    int results[COUNT] = {0};
    pool_future_t *future;
    pthread_t thread;
    void *error;
    (void)state;
    runs_start();
    pool_t *pool = serial_pool();
    assert_int_equal(pool_map_async(pool, runs_until_cancelled, POOL_IN(items, COUNT),
                                    POOL_OUT(results), NULL, &future),
                     0);
    assert_int_equal(pthread_create(&thread, NULL, cancel_it, future), 0);
    assert_int_equal(pool_future_get(future, -1), COUNT - 1);
    pthread_join(thread, &error);
    assert_null(error);
    assert_int_equal(results[0], 1);
    assert_int_equal(runs_total(), 1);
    pool_future_free(future);
    outcome_pool_works(pool);
}

static int take_time(const void *item, void *result, pool_task_t *task)
{
    int64_t began = deadline_now();
    while (deadline_now() - began < 20)
        ;
    return note(item, result, task);
}

static void time_is_looked_at_between_chunks(void **state)
{
    (void)state;
    pool_t *pool = serial_pool();
    pool_map_options_t options = {.chunksize = 5, .timeout = 50};
    int failed = pool_map_with(pool, take_time, POOL_IN(items, COUNT), POOL_NONE, &options);
    assert_int_equal(failed, COUNT - 5); /* the first chunk took twice the time */
    outcome_is(pool, 5, POOL_TIMED_OUT, -ETIMEDOUT);
    outcome_is(pool, COUNT - 1, POOL_TIMED_OUT, -ETIMEDOUT);
    outcome_pool_works(pool);
}

/* Waits while another thread runs the item: for a moment, or as long as it takes. */
static void *wait_a_little(void *future)
{
    intptr_t waited = deadline_met(5000, runs_any, NULL) ? pool_future_wait(future, 50) : 0;
    return (void *)(intptr_t)(waited == -ETIMEDOUT ? pool_future_cancel(future, -1) : 1);
}

static void *wait_to_the_end(void *future)
{
    return (void *)(intptr_t)(deadline_met(5000, runs_any, NULL) ? pool_future_wait(future, -1)
                                                                 : 1);
}

/* Both end the call while its first item runs: by cancelling, and since its time is up. */
static void others_do_not_wait_for_the_thread_that_runs(void **state)
{
    static void *(*const ways[])(void *) = {wait_a_little, wait_to_the_end};
    (void)state;
    for (int way = 0; way < 2; way++) {
        pool_future_t *future;
        const pool_error_t *errors;
        pthread_t thread;
        void *error;
        runs_start();
        pool_t *pool = serial_pool();
        pool_map_options_t options = {.chunksize = 2, .timeout = way ? 200 : 0};
        assert_int_equal(pool_map_async(pool, runs_until_cancelled, POOL_IN(items, COUNT),
                                        POOL_NONE, &options, &future),
                         0);
        assert_int_equal(pthread_create(&thread, NULL, ways[way], future), 0);
        assert_int_equal(pool_future_get(future, -1), COUNT - 1);
        pthread_join(thread, &error);
        assert_null(error);
        assert_int_equal(pool_future_errors(future, &errors), COUNT - 1);
        assert_int_equal(errors[0].kind, way ? POOL_TIMED_OUT : POOL_CANCELLED);
        pool_future_free(future);
        world_free(pool);
    }
}

/* ---- Threads ---- */

static void *map_often(void *pool)
{
    int own[COUNT], results[COUNT];
    intptr_t wrong = 0;
    for (int i = 0; i < COUNT; i++)
        own[i] = i;
    for (int round = 0; round < 50; round++) {
        pool_future_t *future = NULL;
        pool_map_options_t options = {.chunksize = (size_t)(round % 7)};
        memset(results, 0, sizeof results);
        wrong += pool_map_async(pool, note, POOL_IN(own, COUNT), POOL_OUT(results), &options,
                                &future) != 0;
        wrong += round % 2 ? pool_future_get(future, -1) != 0 : 0;
        while (!pool_future_ready(future))
            ;
        for (int i = 0; i < COUNT; i++)
            wrong += results[i] != 2 * i;
        pool_future_free(future);
        wrong += pool_map(pool, note, POOL_IN(own, COUNT), POOL_NONE) != 0;
    }
    return (void *)wrong;
}

static void one_thread_at_a_time_runs_items(void **state)
{
    enum { THREADS = 4 };
    pthread_t threads[THREADS];
    void *wrong;
    (void)state;
    pool_t *pool = serial_pool();
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, map_often, pool), 0);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], &wrong);
        assert_null(wrong);
    }
    assert_int_equal(atomic_load(&ran), THREADS * 50 * 2 * COUNT);
    assert_int_equal(atomic_load(&most_at_once), 0);
}

struct joiner {
    pool_t *pool;
    atomic_int thread;
};

static void *join_it(void *argument)
{
    struct joiner *joiner = argument;
    atomic_store(&joiner->thread, (int)gettid());
    return (void *)(intptr_t)pool_join(joiner->pool);
}

static bool sleeps(void *thread)
{
    return process_state(atomic_load((atomic_int *)thread)) == 'S';
}

/* When the window is full there is nothing to run: who waits sleeps, until others change that. */
static void check_sleep(bool take)
{
    int most, result;
    struct host_counter counter = {.count = INT_MAX};
    pool_source_t source = {POOL_IN((int *)0, 0), host_count_on, &counter};
    pool_iterator_t *iterator;
    pthread_t thread;
    void *error;
    struct joiner joiner = {.pool = serial_pool()};
    assert_int_equal(pool_imap(joiner.pool, note, &source, POOL_RESULT(int), NULL, &iterator), 0);
    assert_int_equal(pool_close(joiner.pool), 0);
    do {
        most = counter.next;
        for (int i = 0; i < 10; i++)
            pool_step(joiner.pool);
    } while (counter.next > most);
    assert_int_equal(pthread_create(&thread, NULL, join_it, &joiner), 0);
    assert_true(deadline_met(5000, sleeps, &joiner.thread));
    for (int i = 0; take && i < most; i++)
        assert_int_equal(pool_next(iterator, &result, -1), 1);
    assert_true(deadline_met(5000, sleeps, &joiner.thread));
    pool_iterator_free(iterator);
    pthread_join(thread, &error);
    assert_null(error);
    world_free(joiner.pool);
}

static void a_thread_that_has_nothing_to_run_sleeps_and_wakes(void **state)
{
    (void)state;
    for (int round = 0; round < 10; round++)
        check_sleep(round % 2);
}

int main(void)
{
    host_prepare_libuv();
    const struct CMUnitTest tests[] = {
        WORLD_TEST(polling_a_future_runs_a_chunk_each_time),
        WORLD_TEST(the_descriptor_is_readable_while_there_is_something_to_run),
        WORLD_TEST(a_loop_runs_it),
        WORLD_TEST(a_thread_waits_for_callbacks_that_are_the_loops),
        WORLD_TEST(callbacks_come_and_may_submit),
        WORLD_TEST(higher_priorities_are_run_first),
        WORLD_TEST(what_has_not_started_can_be_cancelled),
        WORLD_TEST(an_item_that_runs_sees_that_it_is_cancelled_and_ends_by_itself),
        WORLD_TEST(time_is_looked_at_between_chunks),
        WORLD_TEST(others_do_not_wait_for_the_thread_that_runs),
        WORLD_TEST(one_thread_at_a_time_runs_items),
        WORLD_TEST(a_thread_that_has_nothing_to_run_sleeps_and_wakes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
