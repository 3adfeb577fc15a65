/* Calls of a pool on a libuv loop: uv_run() does everything, and ends with the last of them. */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <uv.h>

#include "support/deadline.h"
#include "support/host.h"
#include "support/ledger.h"
#include "support/outcome.h"
#include "support/process.h"
#include "support/work.h"
#include "support/world.h"

enum { ITEMS = 200, LONG = 10000, HANG = -3 };

static uv_loop_t loop;
static pool_t *pool;
static struct ledger *gate;

/* Hangs, dies or fails at some items. */
static int triple(const void *item, void *result, pool_task_t *task)
{
    int value = *(const int *)item;
    if (value == HANG) {
        ledger_mark(gate, 0);
        poll(NULL, 0, -1);
    }
    if (value == -1)
        raise(SIGKILL);
    if (value == -2)
        return pool_fail(task, EDOM, "minus two");
    *(int *)result = 3 * value;
    return 0;
}

static void open_loop(int processes)
{
    gate = ledger_make(1);
    pool = world_pool(processes);
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(pool_attach(pool, &loop), 0);
}

static void close_loop(void)
{
    world_free(pool);
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&loop), 0);
}

static void run(void)
{
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
}

/* What the callbacks of a call were told. */
struct record {
    int good, bad, progress;
    size_t ended, failed, total;
    pool_error_kind_t kind;
    int code;
};

static void on_progress(void *context, const pool_progress_t *progress)
{
    struct record *record = context;
    record->progress++;
    record->ended = progress->done;
    record->failed = progress->failed;
    record->total = progress->total;
}

static void on_success(pool_future_t *future, void *context)
{
    (void)future;
    ((struct record *)context)->good++;
}

static void on_failure(pool_future_t *future, void *context)
{
    struct record *record = context;
    const pool_error_t *errors;
    record->bad++;
    if (pool_future_errors(future, &errors) > 0) {
        record->kind = errors[0].kind;
        record->code = errors[0].code;
    }
}

static pool_map_options_t recorded(struct record *record)
{
    return (pool_map_options_t){.callback = on_success,
                                .error_callback = on_failure,
                                .progress = on_progress,
                                .context = record};
}

static int items[ITEMS], results[ITEMS];

static void start(pool_function_t function, const pool_map_options_t *options)
{
    for (int i = 0; i < ITEMS; i++)
        items[i] = i;
    assert_int_equal(
        pool_map_async(pool, function, POOL_IN(items, ITEMS), POOL_OUT(results), options, NULL), 0);
}

/* One item, with its future. */
static pool_future_t *start_one(const int *item, const pool_map_options_t *options)
{
    static int result;
    pool_future_t *future = NULL;
    assert_int_equal(
        pool_apply_async(pool, triple, POOL_IN(item, 1), POOL_OUT(&result), options, &future), 0);
    return future;
}

/* ---- Results and time ---- */

static void results_and_callbacks_come_while_the_loop_runs(void **state)
{
    struct record record = {0};
    (void)state;
    open_loop(3);
    pool_map_options_t options = recorded(&record);
    start(work_nap_and_triple, &options);
    assert_int_equal(record.good + record.bad + record.progress, 0);
    run();
    assert_int_equal(record.good, 1);
    assert_int_equal(record.bad, 0);
    assert_true(record.progress > 0);
    assert_int_equal(record.ended, ITEMS);
    assert_int_equal(record.total, ITEMS);
    for (int i = 0; i < ITEMS; i++)
        assert_int_equal(results[i], 3 * i);
    close_loop();
}

static void an_idle_pool_does_not_keep_the_loop(void **state)
{
    (void)state;
    open_loop(2);
    for (int i = 0; i < 3; i++) {
        run();
        assert_false(uv_loop_alive(&loop));
        start(triple, NULL);
        assert_true(uv_loop_alive(&loop));
        run();
        for (int k = 0; k < ITEMS; k++)
            assert_int_equal(results[k], 3 * k);
    }
    close_loop();
}

/* Beats until its data says that the call has ended. */
struct beats {
    uv_timer_t timer;
    struct record record;
    int count;
    int64_t last, longest;
};

static void on_beat(uv_timer_t *timer)
{
    struct beats *beats = timer->data;
    int64_t now = deadline_now();
    if (now - beats->last > beats->longest)
        beats->longest = now - beats->last;
    beats->last = now;
    beats->count++;
    if (beats->record.good)
        uv_close((uv_handle_t *)timer, NULL);
}

static void a_timer_keeps_its_beat_while_a_map_runs(void **state)
{
    static struct beats beats;
    (void)state;
    open_loop(2);
    beats.timer.data = &beats;
    uv_timer_init(&loop, &beats.timer);
    uv_timer_start(&beats.timer, on_beat, 10, 10);
    beats.last = deadline_now();
    pool_map_options_t options = recorded(&beats.record);
    start(work_nap_and_triple, &options);
    run();
    assert_int_equal(beats.record.good, 1);
    assert_true(beats.count >= 10);
    assert_true(beats.longest < 200 * deadline_slowness());
    close_loop();
}

/* ---- From callbacks ---- */

enum { LINKS = 1000 };

struct chain {
    int links, item, result;
    int refused; /* codes that were not what they should */
};

static void next_link(pool_future_t *future, void *context)
{
    struct chain *chain = context;
    pool_map_options_t options = {
        .callback = next_link, .error_callback = next_link, .context = chain};
    (void)future;
    if (chain->result != 3 * chain->item)
        chain->refused++;
    if (chain->links++ == LINKS)
        return;
    chain->item = chain->links;
    if (pool_apply_async(pool, triple, POOL_IN(&chain->item, 1), POOL_OUT(&chain->result), &options,
                         NULL) != 0)
        chain->refused++;
}

static void calls_are_submitted_from_callbacks(void **state)
{
    struct chain chains[3] = {{0}};
    (void)state;
    open_loop(2);
    for (int i = 0; i < 3; i++)
        next_link(NULL, &chains[i]);
    run();
    for (int i = 0; i < 3; i++) {
        assert_int_equal(chains[i].links, LINKS + 1);
        assert_int_equal(chains[i].refused, 0);
    }
    close_loop();
}

struct tries {
    int map, wait, get, step, terminate, attach;
    pool_future_t *other;
};

static void try_to_wait(pool_future_t *future, void *context)
{
    struct tries *tries = context;
    int item = 1, result;
    (void)future;
    tries->map = pool_map(pool, triple, POOL_IN(&item, 1), POOL_OUT(&result));
    tries->wait = pool_future_wait(tries->other, -1);
    tries->get = pool_future_get(tries->other, 0);
    tries->step = pool_step(pool);
    tries->terminate = pool_terminate(pool);
    tries->attach = pool_attach(pool, &loop);
    pool_free(pool); /* does nothing */
}

static void the_pools_callbacks_must_not_wait_nor_free_it(void **state)
{
    struct tries tries = {0};
    int one = 1, slow = HANG;
    (void)state;
    open_loop(2);
    tries.other = start_one(&slow, NULL);
    pool_map_options_t options = {.callback = try_to_wait, .context = &tries};
    pool_future_t *future = start_one(&one, &options);
    while (!pool_future_ready(future))
        uv_run(&loop, UV_RUN_ONCE);
    assert_int_equal(tries.map, POOL_EBUSY);
    assert_int_equal(tries.wait, POOL_EBUSY);
    assert_int_equal(tries.get, POOL_EBUSY);
    assert_int_equal(tries.step, POOL_EBUSY);
    assert_int_equal(tries.terminate, POOL_EBUSY);
    assert_int_equal(tries.attach, 0);
    assert_int_equal(pool_future_cancel(tries.other, 0), 0);
    run();
    pool_future_free(future);
    pool_future_free(tries.other);
    outcome_pool_works(pool);
    close_loop();
}

/* Waits within the callback of another handle, while a call is outstanding. */
static void map_in_a_timer(uv_timer_t *timer)
{
    int *codes = timer->data, some[50], tripled[50] = {0};
    pool_future_t *future = NULL;
    for (int i = 0; i < 50; i++)
        some[i] = i;
    codes[0] = pool_map(pool, triple, POOL_IN(some, 50), POOL_OUT(tripled));
    codes[1] = tripled[49];
    codes[2] = pool_apply_async(pool, triple, POOL_IN(some, 1), POOL_OUT(tripled), NULL, &future);
    codes[3] = pool_future_get(future, -1);
    pool_future_free(future);
    uv_close((uv_handle_t *)timer, NULL);
}

static void blocking_calls_work_in_the_callbacks_of_other_handles(void **state)
{
    struct record record = {0};
    uv_timer_t timer;
    int codes[4] = {-1, -1, -1, -1};
    (void)state;
    open_loop(2);
    uv_timer_init(&loop, &timer);
    timer.data = codes;
    uv_timer_start(&timer, map_in_a_timer, 5, 0);
    pool_map_options_t options = recorded(&record);
    start(work_nap_and_triple, &options);
    run();
    assert_int_equal(codes[0], 0);
    assert_int_equal(codes[1], 3 * 49);
    assert_int_equal(codes[2], 0);
    assert_int_equal(codes[3], 0);
    assert_int_equal(record.good, 1);
    outcome_pool_works(pool);
    close_loop();
}

/* ---- When things go wrong ---- */

static void a_crash_and_a_failure_are_told_on_the_loop(void **state)
{
    struct record records[2] = {{0}};
    int bad[2] = {-1, -2};
    (void)state;
    open_loop(2);
    for (int i = 0; i < 2; i++) {
        pool_map_options_t options = recorded(&records[i]);
        pool_future_free(start_one(&bad[i], &options));
    }
    run();
    assert_int_equal(records[0].bad, 1);
    assert_int_equal(records[0].kind, POOL_CRASHED);
    assert_int_equal(records[0].code, SIGKILL);
    assert_int_equal(records[1].bad, 1);
    assert_int_equal(records[1].kind, POOL_FAILED);
    assert_int_equal(records[1].code, EDOM);
    close_loop();
}

static void a_call_times_out_on_the_loop(void **state)
{
    struct record record = {0};
    int item = HANG;
    (void)state;
    open_loop(1);
    pool_map_options_t options = recorded(&record);
    options.timeout = 50;
    int64_t began = deadline_now();
    pool_future_free(start_one(&item, &options));
    run();
    assert_true(deadline_now() - began >= 49 && deadline_kept(began, 500));
    assert_int_equal(record.bad, 1);
    assert_int_equal(record.kind, POOL_TIMED_OUT);
    close_loop();
}

struct cancel {
    struct record record;
    pool_future_t *future;
    int error;
};

static void on_cancel(uv_timer_t *timer)
{
    struct cancel *cancel = timer->data;
    if (ledger_total(gate) == 0)
        return; /* it does not run yet */
    cancel->error = pool_future_cancel(cancel->future, 50);
    uv_close((uv_handle_t *)timer, NULL);
}

static void a_call_is_cancelled_on_the_loop(void **state)
{
    struct cancel cancel = {.error = 1};
    uv_timer_t timer;
    int item = HANG;
    (void)state;
    open_loop(1);
    pool_map_options_t options = recorded(&cancel.record);
    cancel.future = start_one(&item, &options);
    uv_timer_init(&loop, &timer);
    timer.data = &cancel;
    uv_timer_start(&timer, on_cancel, 1, 1);
    run();
    assert_int_equal(cancel.error, 0);
    assert_int_equal(cancel.record.bad, 1);
    assert_int_equal(cancel.record.kind, POOL_CANCELLED);
    pool_future_free(cancel.future);
    outcome_pool_works(pool);
    close_loop();
}

static void on_murder(uv_timer_t *timer)
{
    pid_t worker;
    if (ledger_total(gate) == 0)
        return;
    pool_pids(pool, &worker, 1);
    *(bool *)timer->data = process_kill(process_supervisor(worker));
    uv_close((uv_handle_t *)timer, NULL);
}

static void the_loop_ends_when_the_supervisor_is_killed(void **state)
{
    struct record record = {0};
    uv_timer_t timer;
    int item = HANG;
    bool killed = false;
    (void)state;
    world_expect_orphans();
    open_loop(1);
    pool_map_options_t options = recorded(&record);
    pool_future_t *future = start_one(&item, &options);
    uv_timer_init(&loop, &timer);
    timer.data = &killed;
    uv_timer_start(&timer, on_murder, 1, 1);
    run();
    assert_true(killed);
    assert_int_equal(record.bad, 1);
    assert_int_equal(record.kind, POOL_LOST);
    assert_int_equal(pool_future_get(future, 0), POOL_EBROKEN);
    pool_future_free(future);
    run();
    close_loop();
}

/* ---- Iterators ---- */

enum { MANY = 20000 };

struct drain {
    pool_iterator_t *iterator;
    int calls, ends, given, failed, last;
    int64_t sum;
    bool disorder;
};

static void take_all(struct drain *drain)
{
    int result, got;
    while ((got = pool_next(drain->iterator, &result, 0)) == 1 || got == POOL_EITEM) {
        int index = (int)pool_next_index(drain->iterator);
        drain->disorder =
            drain->disorder || (drain->given + drain->failed > 0 && index < drain->last);
        drain->last = index;
        drain->sum += got == 1 ? result : 0;
        drain->given += got == 1;
        drain->failed += got == POOL_EITEM;
    }
    drain->calls++;
}

static void drain_on_progress(void *context, const pool_progress_t *progress)
{
    (void)progress;
    take_all(context);
}

static void drain_at_end(pool_future_t *future, void *context)
{
    struct drain *drain = context;
    (void)future;
    take_all(drain);
    drain->ends++;
}

static int count_up(void *context, void *item)
{
    int *next = context;
    *(int *)item = *next % 1000 == 999 ? -2 : *next;
    return (*next)++ < MANY;
}

static void check_iterator(bool unordered)
{
    int next = 0, result;
    struct drain drain = {0};
    pool_source_t source = {.in = POOL_IN((int *)0, 0), .next = count_up, .context = &next};
    pool_map_options_t options = {.progress = drain_on_progress,
                                  .callback = drain_at_end,
                                  .error_callback = drain_at_end,
                                  .context = &drain};
    int64_t sum = 0;
    for (int i = 0; i < MANY; i++)
        sum += i % 1000 == 999 ? 0 : 3 * i;
    assert_int_equal((unordered ? pool_imap_unordered : pool_imap)(
                         pool, triple, &source, POOL_RESULT(int), &options, &drain.iterator),
                     0);
    run();
    assert_int_equal(drain.ends, 1);
    assert_true(drain.calls > 2);
    assert_int_equal(drain.given, MANY - MANY / 1000);
    assert_int_equal(drain.failed, MANY / 1000);
    assert_int_equal(drain.sum, sum);
    assert_true(unordered || !drain.disorder);
    assert_int_equal(pool_next(drain.iterator, &result, 0), 0);
    pool_iterator_free(drain.iterator);
}

static void an_iterator_is_drained_by_its_callbacks(void **state)
{
    (void)state;
    open_loop(3);
    check_iterator(false);
    check_iterator(true);
    close_loop();
}

static void drain_in_a_timer(uv_timer_t *timer)
{
    int result, got;
    struct drain *drain = timer->data;
    while ((got = pool_next(drain->iterator, &result, 0)) == 1)
        drain->given++;
    if (got != -ETIMEDOUT) {
        drain->ends = 1 + got;
        uv_close((uv_handle_t *)timer, NULL);
    }
}

static void an_iterator_is_drained_by_a_timer(void **state)
{
    struct drain drain = {0};
    uv_timer_t timer;
    (void)state;
    open_loop(2);
    for (int i = 0; i < ITEMS; i++)
        items[i] = i;
    pool_source_t source = {.in = POOL_IN(items, ITEMS)};
    assert_int_equal(
        pool_imap(pool, work_nap_and_triple, &source, POOL_RESULT(int), NULL, &drain.iterator), 0);
    uv_timer_init(&loop, &timer);
    timer.data = &drain;
    uv_timer_start(&timer, drain_in_a_timer, 2, 2);
    run();
    assert_int_equal(drain.ends, 1);
    assert_int_equal(drain.given, ITEMS);
    pool_iterator_free(drain.iterator);
    close_loop();
}

static void free_at_a_hundred(void *context, const pool_progress_t *progress)
{
    struct drain *drain = context;
    if (drain->ends)
        return;
    drain_on_progress(context, progress);
    if (progress->done >= 100 && !drain->ends++)
        pool_iterator_free(drain->iterator);
}

static void no_drain(pool_future_t *future, void *context)
{
    (void)future;
    ((struct drain *)context)->calls = -1;
}

/* An endless one, freed in a callback: the loop ends. */
static void an_iterator_that_is_freed_lets_the_loop_end(void **state)
{
    struct host_counter counter = {.count = INT_MAX};
    struct drain drain = {0};
    (void)state;
    open_loop(2);
    pool_source_t source = {.in = POOL_IN((int *)0, 0), .next = host_count_on, .context = &counter};
    pool_map_options_t options = {.progress = free_at_a_hundred,
                                  .callback = no_drain,
                                  .error_callback = no_drain,
                                  .context = &drain};
    assert_int_equal(pool_imap(pool, triple, &source, POOL_RESULT(int), &options, &drain.iterator),
                     0);
    run();
    assert_true(drain.ends >= 1);
    assert_int_equal(drain.calls, -1);
    close_loop();
}

int main(void)
{
    host_prepare_libuv();
    const struct CMUnitTest tests[] = {
        WORLD_TEST(results_and_callbacks_come_while_the_loop_runs),
        WORLD_TEST(an_idle_pool_does_not_keep_the_loop),
        WORLD_TEST(a_timer_keeps_its_beat_while_a_map_runs),
        WORLD_TEST(calls_are_submitted_from_callbacks),
        WORLD_TEST(the_pools_callbacks_must_not_wait_nor_free_it),
        WORLD_TEST(blocking_calls_work_in_the_callbacks_of_other_handles),
        WORLD_TEST(a_crash_and_a_failure_are_told_on_the_loop),
        WORLD_TEST(a_call_times_out_on_the_loop),
        WORLD_TEST(a_call_is_cancelled_on_the_loop),
        WORLD_TEST(the_loop_ends_when_the_supervisor_is_killed),
        WORLD_TEST(an_iterator_is_drained_by_its_callbacks),
        WORLD_TEST(an_iterator_is_drained_by_a_timer),
        WORLD_TEST(an_iterator_that_is_freed_lets_the_loop_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
