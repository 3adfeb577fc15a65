/* Who hears of what has ended, and when: also while other items run for long, and in a program's own
 * event loop. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <uv.h>

#include "support/deadline.h"
#include "support/gate.h"
#include "support/host.h"
#include "support/ledger.h"
#include "support/work.h"
#include "support/world.h"

enum { SLOW = 6, PROMPT = 400, LONG = 10000 };

static struct gate *gate;

/* Items below 0 wait for the gate. */
static int triple(const void *item, void *result, pool_task_t *task)
{
    (void)task;
    if (*(const int *)item < 0 && !gate_pass(gate))
        return 1;
    *(int *)result = 3 * *(const int *)item;
    return 0;
}

static bool prompt(int64_t began)
{
    return deadline_now() - began < PROMPT * deadline_slowness();
}

/* A worker for each of the items that wait, and one more. */
static pool_t *busy_pool(pool_future_t **slow)
{
    static int items[SLOW] = {-1, -1, -1, -1, -1, -1}, results[SLOW];
    pool_map_options_t options = {.chunksize = 1};
    gate = gate_make();
    pool_t *pool = world_pool(SLOW + 2);
    assert_int_equal(
        pool_map_async(pool, triple, POOL_IN(items, SLOW), POOL_OUT(results), &options, slow), 0);
    return pool;
}

static void let_go(pool_future_t *slow)
{
    gate_open(gate);
    assert_int_equal(pool_future_get(slow, -1), 0);
    pool_future_free(slow);
}

/* ---- While others run for long ---- */

static void a_quick_call_ends_at_once_while_slow_ones_run(void **state)
{
    pool_future_t *slow;
    (void)state;
    pool_t *pool = busy_pool(&slow);
    for (int i = 0; i < 10; i++) {
        int64_t began = deadline_now();
        int result = 0;
        assert_int_equal(pool_map(pool, triple, POOL_IN(&i, 1), POOL_OUT(&result)), 0);
        assert_true(prompt(began));
        assert_int_equal(result, 3 * i);
    }
    let_go(slow);
}

static void a_quick_future_is_told_of_at_once_while_slow_ones_run(void **state)
{
    pool_future_t *slow;
    (void)state;
    pool_t *pool = busy_pool(&slow);
    for (int i = 0; i < 5; i++) {
        pool_future_t *quick, *ready;
        int result, item = 5;
        int64_t began = deadline_now();
        assert_int_equal(
            pool_apply_async(pool, triple, POOL_IN(&item, 1), POOL_OUT(&result), NULL, &quick), 0);
        pool_future_t *both[2] = {slow, quick};
        assert_int_equal(pool_wait(both, 2, POOL_WAIT_ANY, -1), 1);
        assert_int_equal(pool_as_completed(both, 2, -1, &ready), 1);
        assert_true(prompt(began));
        assert_ptr_equal(ready, quick);
        pool_future_free(quick);
    }
    let_go(slow);
}

static void results_of_an_iterator_come_while_slow_items_run(void **state)
{
    enum { COUNT = 12 };
    int items[COUNT] = {-1, -1, -1, -1, -1, -1, 6, 7, 8, 9, 10, 11}, result;
    pool_iterator_t *iterator;
    (void)state;
    gate = gate_make();
    pool_t *pool = world_pool(SLOW + 1);
    pool_source_t source = {.in = POOL_IN(items, COUNT)};
    pool_map_options_t options = {.chunksize = 1};
    assert_int_equal(
        pool_imap_unordered(pool, triple, &source, POOL_RESULT(int), &options, &iterator), 0);
    int64_t began = deadline_now();
    for (int i = 0; i < COUNT - SLOW; i++) {
        assert_int_equal(pool_next(iterator, &result, -1), 1);
        assert_true(result > 0);
    }
    assert_true(prompt(began));
    gate_open(gate);
    for (int i = 0; i < SLOW; i++)
        assert_int_equal(pool_next(iterator, &result, -1), 1);
    assert_int_equal(pool_next(iterator, &result, -1), 0);
    pool_iterator_free(iterator);
}

/* ---- What one thread does while another waits ---- */

/* Starts a thread that waits for the future, and gives it time to fall asleep. */
static pthread_t waiting_thread(pool_future_t *future)
{
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, host_wait, future), 0);
    for (int i = 0; i < 5; i++)
        poll(NULL, 0, 10);
    return thread;
}

static void a_call_times_out_in_time_while_another_thread_waits(void **state)
{
    int item = -1, result = 0;
    pool_future_t *slow;
    (void)state;
    pool_t *pool = busy_pool(&slow);
    pthread_t thread = waiting_thread(slow);
    pool_map_options_t options = {.timeout = 100};
    int64_t began = deadline_now();
    int failed = pool_map_with(pool, triple, POOL_IN(&item, 1), POOL_OUT(&result), &options);
    bool in_time = prompt(began);
    gate_open(gate);
    pthread_join(thread, NULL);
    pool_future_free(slow);
    assert_int_equal(failed, 1);
    assert_true(in_time);
}

static void a_cancel_takes_effect_in_time_while_another_thread_waits(void **state)
{
    pool_future_t *slow;
    (void)state;
    busy_pool(&slow);
    pthread_t thread = waiting_thread(slow);
    int64_t began = deadline_now();
    int error = pool_future_cancel(slow, 100);
    pthread_join(thread, NULL);
    bool in_time = prompt(began);
    assert_int_equal(pool_future_get(slow, 0), SLOW);
    pool_future_free(slow);
    assert_int_equal(error, 0);
    assert_true(in_time);
}

/* ---- In the program's own loop ---- */

static void stepping_by_poll_ends_a_map(void **state)
{
    enum { COUNT = 3000 };
    int *items = world_alloc(COUNT, sizeof *items), *results = world_alloc(COUNT, sizeof *results);
    pool_future_t *future;
    int left = 1;
    (void)state;
    for (int i = 0; i < COUNT; i++)
        items[i] = i;
    pool_t *pool = world_pool(3);
    struct pollfd event = {.fd = pool_fileno(pool), .events = POLLIN};
    assert_true(event.fd >= 0);
    assert_int_equal(pool_fileno(pool), event.fd);
    assert_int_equal(pool_step(pool), 0);
    pool_map_options_t options = {.chunksize = 1};
    assert_int_equal(
        pool_map_async(pool, triple, POOL_IN(items, COUNT), POOL_OUT(results), &options, &future),
        0);
    for (left = pool_step(pool); left > 0; left = pool_step(pool))
        assert_int_equal(poll(&event, 1, 900), 1); /* before anybody looks by himself */
    assert_int_equal(left, 0);
    assert_true(pool_future_successful(future));
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(results[i], 3 * i);
    pool_future_free(future);
}

static void a_descriptor_is_quiet_while_there_is_nothing_to_do(void **state)
{
    pool_future_t *slow;
    (void)state;
    pool_t *pool = busy_pool(&slow);
    struct pollfd event = {.fd = pool_fileno(pool), .events = POLLIN};
    int wakes = 0;
    assert_int_equal(pool_step(pool), 1);
    while (poll(&event, 1, 100) == 1 && wakes++ < 1000)
        assert_int_equal(pool_step(pool), 1);
    assert_true(wakes < 20);
    let_go(slow);
}

static int die_at_seven(const void *item, void *result, pool_task_t *task)
{
    if (*(const int *)item == 7)
        raise(SIGKILL);
    return triple(item, result, task);
}

static void a_death_makes_the_descriptor_readable(void **state)
{
    int item = 7, result;
    pool_future_t *future;
    (void)state;
    pool_t *pool = world_pool(2);
    struct pollfd event = {.fd = pool_fileno(pool), .events = POLLIN};
    assert_int_equal(
        pool_apply_async(pool, die_at_seven, POOL_IN(&item, 1), POOL_OUT(&result), NULL, &future),
        0);
    while (pool_step(pool) > 0)
        assert_int_equal(poll(&event, 1, LONG), 1);
    assert_int_equal(pool_future_get(future, 0), 1);
    pool_future_free(future);
}

static void *map_some(void *pool)
{
    static int failed;
    int items[3] = {1, 2, 3}, results[3];
    failed = 0;
    for (int i = 0; i < 50; i++)
        failed += pool_map(pool, work_nap_and_triple, POOL_IN(items, 3), POOL_OUT(results)) != 0;
    gate_open(gate);
    return &failed;
}

/* Who steps takes results of another thread's, and must not let that sleep on. */
static void steps_do_not_take_the_wakes_of_a_thread_that_waits(void **state)
{
    pthread_t thread;
    void *failed;
    (void)state;
    gate = gate_make();
    pool_t *pool = world_pool(3);
    struct pollfd event = {.fd = pool_fileno(pool), .events = POLLIN};
    int64_t began = deadline_now();
    assert_int_equal(pthread_create(&thread, NULL, map_some, pool), 0);
    while (!gate_is_open(gate))
        if (poll(&event, 1, 1) == 1)
            pool_step(pool);
    pthread_join(thread, &failed);
    assert_int_equal(*(int *)failed, 0);
    assert_true(deadline_kept(began, 3000));
}

static void mark(pool_future_t *future, void *ledger)
{
    (void)future;
    ledger_mark(ledger, 0);
}

/* The thread that waits takes what was meant for the one that polls. */
static void what_another_thread_has_taken_makes_the_descriptor_readable(void **state)
{
    pool_future_t *slow, *quick;
    int item = 1, result;
    (void)state;
    pool_t *pool = busy_pool(&slow);
    struct pollfd event = {.fd = pool_fileno(pool), .events = POLLIN};
    struct ledger *told = ledger_make(1);
    pool_map_options_t options = {.callback = mark, .context = told};
    pthread_t thread = waiting_thread(slow);
    assert_int_equal(
        pool_apply_async(pool, triple, POOL_IN(&item, 1), POOL_OUT(&result), &options, &quick), 0);
    assert_true(ledger_reaches(told, 1, LONG));
    bool readable = poll(&event, 1, PROMPT) == 1; /* before a tick */
    assert_int_equal(pool_step(pool), 1);
    bool ready = pool_future_ready(quick);
    int rest = 0;
    while (poll(&event, 1, 20) == 1 && rest++ < 100)
        pool_step(pool);
    gate_open(gate);
    pthread_join(thread, NULL);
    pool_future_free(quick);
    pool_future_free(slow);
    assert_true(readable);
    assert_true(ready);
    assert_true(rest < 5);
}

static int mark_and_hang(const void *item, void *result, pool_task_t *task)
{
    gate_open(gate);
    return work_hang(item, result, task);
}

/* Steps by poll() until no call is left. Returns how often, or -1: poll() waited in vain. */
static int step_to_the_end(pool_t *pool)
{
    struct pollfd event = {.fd = pool_fileno(pool), .events = POLLIN};
    int steps = 0;
    while (pool_step(pool) > 0 && steps >= 0)
        steps = poll(&event, 1, LONG) == 1 ? steps + 1 : -1;
    return steps;
}

static void a_time_limit_makes_the_descriptor_readable(void **state)
{
    enum { LIMIT = 50 };
    int items[2] = {0}, results[2];
    const pool_error_t *errors;
    pool_future_t *future;
    (void)state;
    pool_t *pool = world_pool(2);
    assert_true(pool_fileno(pool) >= 0);
    for (int i = 0; i < 3; i++) {
        pool_map_options_t options = {.timeout = LIMIT};
        int64_t began = deadline_now();
        assert_int_equal(pool_map_async(pool, work_hang, POOL_IN(items, 2), POOL_OUT(results),
                                        &options, &future),
                         0);
        int steps = step_to_the_end(pool);
        assert_true(steps > 0 && steps < 20);
        assert_true(deadline_now() - began >= LIMIT - 1 && prompt(began));
        assert_int_equal(pool_future_errors(future, &errors), 2);
        assert_int_equal(errors[0].kind, POOL_TIMED_OUT);
        pool_future_free(future);
    }
}

static void the_earliest_of_several_limits_counts(void **state)
{
    static const int limits[3] = {400, 50, 200};
    int item = 0, result;
    pool_future_t *futures[3];
    (void)state;
    pool_t *pool = world_pool(3);
    struct pollfd event = {.fd = pool_fileno(pool), .events = POLLIN};
    int64_t began = deadline_now();
    for (int i = 0; i < 3; i++) {
        pool_map_options_t options = {.timeout = limits[i]};
        assert_int_equal(pool_apply_async(pool, work_hang, POOL_IN(&item, 1), POOL_OUT(&result),
                                          &options, &futures[i]),
                         0);
    }
    for (int left = 3; left > 0; left = pool_step(pool)) {
        assert_int_equal(poll(&event, 1, LONG), 1);
        assert_true(deadline_now() - began >= (left == 3 ? 0 : left == 2 ? 49 : 199));
    }
    assert_true(deadline_now() - began >= 399 && deadline_kept(began, 400 + PROMPT));
    for (int i = 0; i < 3; i++)
        pool_future_free(futures[i]);
}

static void the_grace_of_a_cancel_makes_the_descriptor_readable(void **state)
{
    enum { GRACE = 50 };
    int item = 0, result;
    pool_future_t *future;
    (void)state;
    gate = gate_make();
    pool_t *pool = world_pool(1);
    assert_int_equal(
        pool_apply_async(pool, mark_and_hang, POOL_IN(&item, 1), POOL_OUT(&result), NULL, &future),
        0);
    assert_true(pool_fileno(pool) >= 0);
    assert_true(gate_pass(gate));
    int64_t began = deadline_now();
    assert_int_equal(pool_future_cancel(future, GRACE), 0);
    int steps = step_to_the_end(pool);
    assert_true(steps > 0 && steps < 20);
    assert_true(deadline_now() - began >= GRACE - 1 && prompt(began));
    assert_int_equal(pool_future_get(future, 0), 1);
    pool_future_free(future);
}

static void a_descriptor_is_quiet_when_time_has_been_up(void **state)
{
    int item = 0, result;
    (void)state;
    pool_t *pool = world_pool(1);
    pool_map_options_t options = {.timeout = 20};
    struct pollfd event = {.fd = pool_fileno(pool), .events = POLLIN};
    int wakes = 0;
    assert_int_equal(pool_map_with(pool, work_hang, POOL_IN(&item, 1), POOL_OUT(&result), &options),
                     1);
    while (poll(&event, 1, 100) == 1 && wakes++ < 1000)
        assert_int_equal(pool_step(pool), 0);
    assert_true(wakes < 20);
}

static void the_descriptor_of_a_pool_that_is_gone_is_quiet(void **state)
{
    (void)state;
    pool_t *pool = world_pool(1);
    assert_int_equal(pool_terminate(pool), 0);
    struct pollfd event = {.fd = pool_fileno(pool), .events = POLLIN};
    assert_int_equal(pool_step(pool), 0);
    assert_int_equal(poll(&event, 1, 0), 0);
}

/* ---- libuv ---- */

struct loop {
    uv_loop_t uv;
    uv_poll_t poll;
    uv_timer_t timer;
    pool_t *pool;
    int beats, ended, errors;
    uint64_t last, longest; /* milliseconds between beats */
};

static void on_beat(uv_timer_t *timer)
{
    struct loop *loop = timer->data;
    uint64_t now = uv_hrtime() / 1000000;
    if (loop->last && now - loop->last > loop->longest)
        loop->longest = now - loop->last;
    loop->last = now;
    loop->beats++;
}

static void on_readable(uv_poll_t *handle, int status, int events)
{
    struct loop *loop = handle->data;
    (void)events;
    if (status < 0 || pool_step(loop->pool) < 0)
        loop->errors++;
}

static void on_end(pool_future_t *future, void *context)
{
    struct loop *loop = context;
    (void)future;
    loop->ended++;
    uv_close((uv_handle_t *)&loop->poll, NULL);
    uv_close((uv_handle_t *)&loop->timer, NULL);
}

static void start_loop(struct loop *loop)
{
    assert_int_equal(uv_loop_init(&loop->uv), 0);
    assert_int_equal(uv_timer_init(&loop->uv, &loop->timer), 0);
    assert_int_equal(uv_poll_init(&loop->uv, &loop->poll, pool_fileno(loop->pool)), 0);
    loop->timer.data = loop->poll.data = loop;
    uv_timer_start(&loop->timer, on_beat, 10, 10);
    uv_poll_start(&loop->poll, UV_READABLE, on_readable);
}

static void a_uv_timer_keeps_its_beat_while_a_map_runs(void **state)
{
    enum { COUNT = 200 };
    int items[COUNT], results[COUNT];
    struct loop loop = {.pool = NULL};
    (void)state;
    for (int i = 0; i < COUNT; i++)
        items[i] = i;
    loop.pool = world_pool(2);
    start_loop(&loop);
    pool_map_options_t options = {.callback = on_end, .error_callback = on_end, .context = &loop};
    assert_int_equal(pool_map_async(loop.pool, work_nap_and_triple, POOL_IN(items, COUNT),
                                    POOL_OUT(results), &options, NULL),
                     0);
    assert_true(pool_step(loop.pool) >= 0);
    uv_run(&loop.uv, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop.uv), 0);
    assert_int_equal(loop.ended, 1);
    assert_int_equal(loop.errors, 0);
    assert_true(loop.beats >= 15);
    assert_true(loop.longest < 200 * (uint64_t)deadline_slowness());
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(results[i], 3 * i);
}

int main(void)
{
    host_prepare_libuv();
    const struct CMUnitTest tests[] = {
        WORLD_TEST(a_quick_call_ends_at_once_while_slow_ones_run),
        WORLD_TEST(a_quick_future_is_told_of_at_once_while_slow_ones_run),
        WORLD_TEST(results_of_an_iterator_come_while_slow_items_run),
        WORLD_TEST(a_call_times_out_in_time_while_another_thread_waits),
        WORLD_TEST(a_cancel_takes_effect_in_time_while_another_thread_waits),
        WORLD_TEST(stepping_by_poll_ends_a_map),
        WORLD_TEST(a_descriptor_is_quiet_while_there_is_nothing_to_do),
        WORLD_TEST(a_death_makes_the_descriptor_readable),
        WORLD_TEST(steps_do_not_take_the_wakes_of_a_thread_that_waits),
        WORLD_TEST(what_another_thread_has_taken_makes_the_descriptor_readable),
        WORLD_TEST(a_time_limit_makes_the_descriptor_readable),
        WORLD_TEST(the_earliest_of_several_limits_counts),
        WORLD_TEST(the_grace_of_a_cancel_makes_the_descriptor_readable),
        WORLD_TEST(a_descriptor_is_quiet_when_time_has_been_up),
        WORLD_TEST(the_descriptor_of_a_pool_that_is_gone_is_quiet),
        WORLD_TEST(a_uv_timer_keeps_its_beat_while_a_map_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
