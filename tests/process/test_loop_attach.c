/* A pool comes to a libuv loop and leaves it: in every order, beside other threads, in forked copies. */
#include <uv.h> /* first: the library's header comes after it here, and before it elsewhere */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "support/deadline.h"
#include "support/host.h"
#include "support/ledger.h"
#include "support/subhost.h"
#include "support/work.h"
#include "support/world.h"

enum { ITEMS = 60, LONG = 10000 };

static int items[ITEMS], results[ITEMS];

/* How a call ended, and where that was told. */
struct record {
    int good, bad;
    pthread_t thread, loops;
    pool_t *pool;
    int astray; /* progress told elsewhere than in the loop's thread */
};

static void on_success(pool_future_t *future, void *context)
{
    struct record *record = context;
    (void)future;
    record->good++;
    record->thread = pthread_self();
}

static void on_failure(pool_future_t *future, void *context)
{
    struct record *record = context;
    (void)future;
    record->bad++;
    record->thread = pthread_self();
}

static void on_progress(void *context, const pool_progress_t *progress)
{
    struct record *record = context;
    (void)progress;
    record->astray += !pthread_equal(record->loops, pthread_self());
}

static pool_map_options_t recorded(struct record *record)
{
    return (pool_map_options_t){
        .callback = on_success, .error_callback = on_failure, .context = record};
}

/* A map over all items; its future if `record` is NULL. */
static pool_future_t *start(pool_t *pool, pool_function_t function, struct record *record)
{
    pool_map_options_t options = {.callback = NULL};
    pool_future_t *future = NULL;
    if (record)
        options = recorded(record);
    for (int i = 0; i < ITEMS; i++) {
        items[i] = i;
        results[i] = -1;
    }
    assert_int_equal(pool_map_async(pool, function, POOL_IN(items, ITEMS), POOL_OUT(results),
                                    &options, record ? NULL : &future),
                     0);
    return future;
}

static void check_results(void)
{
    for (int i = 0; i < ITEMS; i++)
        assert_int_equal(results[i], 3 * i);
}

static void open_loop(uv_loop_t *loop)
{
    assert_int_equal(uv_loop_init(loop), 0);
}

/* After the pools have left. */
static void close_loop(uv_loop_t *loop)
{
    assert_int_equal(uv_run(loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(loop), 0);
}

/* ---- What pool_attach() says ---- */

struct foreign {
    pool_t *pool;
    uv_loop_t *loop;
    int attach, detach;
};

static void *attach_from_afar(void *argument)
{
    struct foreign *foreign = argument;
    foreign->attach = pool_attach(foreign->pool, foreign->loop);
    foreign->detach = pool_attach(foreign->pool, NULL);
    return NULL;
}

static void attaching_has_codes(void **state)
{
    uv_loop_t loop, other;
    pthread_t thread;
    (void)state;
    pool_t *pool = world_pool(1);
    open_loop(&loop);
    open_loop(&other);
    assert_int_equal(pool_attach(NULL, &loop), POOL_ENOPOOL);
    assert_int_equal(pool_attach(NULL, NULL), POOL_ENOPOOL);
    assert_int_equal(pool_attach(pool, NULL), 0);
    assert_int_equal(pool_attach(pool, &loop), 0);
    assert_int_equal(pool_attach(pool, &loop), 0);
    assert_int_equal(pool_attach(pool, &other), -EBUSY);
    struct foreign foreign = {.pool = pool, .loop = &loop};
    assert_int_equal(pthread_create(&thread, NULL, attach_from_afar, &foreign), 0);
    pthread_join(thread, NULL);
    assert_int_equal(foreign.attach, -EINVAL);
    assert_int_equal(foreign.detach, -EINVAL);
    assert_int_equal(pool_attach(pool, NULL), 0);
    assert_int_equal(pool_attach(pool, NULL), 0);
    close_loop(&loop);
    close_loop(&other);
}

static void a_loop_closes_only_when_the_pool_has_left(void **state)
{
    uv_loop_t loop;
    (void)state;
    pool_t *pool = world_pool(1);
    open_loop(&loop);
    assert_int_equal(pool_attach(pool, &loop), 0);
    assert_int_equal(uv_loop_close(&loop), UV_EBUSY);
    world_free(pool);
    assert_int_equal(uv_loop_close(&loop), UV_EBUSY);
    close_loop(&loop);
}

/* With `spare` descriptors more than there are. */
static int attach_with_few(pool_t *pool, uv_loop_t *loop, int spare)
{
    struct rlimit before, few;
    int first = dup(0);
    close(first);
    getrlimit(RLIMIT_NOFILE, &before);
    few = before;
    few.rlim_cur = (rlim_t)first + (rlim_t)spare;
    setrlimit(RLIMIT_NOFILE, &few);
    int error = pool_attach(pool, loop);
    setrlimit(RLIMIT_NOFILE, &before);
    return error;
}

static void attaching_without_descriptors_leaves_nothing(void **state)
{
    uv_loop_t loop;
    (void)state;
    pool_t *pool = world_pool(1);
    open_loop(&loop);
    struct world *before = world_take();
    for (int spare = 0; spare < 2; spare++) {
        assert_int_equal(attach_with_few(pool, &loop, spare), -EMFILE);
        assert_true(world_same(before));
    }
    assert_int_equal(attach_with_few(pool, &loop, 2), 0);
    free(before);
    pool_attach(pool, NULL);
    close_loop(&loop);
}

/* ---- Coming and leaving ---- */

static void two_pools_share_a_loop(void **state)
{
    uv_loop_t loop;
    pool_t *pools[2];
    struct record records[2] = {{0}};
    int one[2] = {1, 2}, tripled[2];
    (void)state;
    open_loop(&loop);
    for (int i = 0; i < 2; i++) {
        pools[i] = world_pool(2);
        assert_int_equal(pool_attach(pools[i], &loop), 0);
        pool_map_options_t options = recorded(&records[i]);
        assert_int_equal(pool_apply_async(pools[i], work_nap_and_triple, POOL_IN(&one[i], 1),
                                          POOL_OUT(&tripled[i]), &options, NULL),
                         0);
    }
    uv_run(&loop, UV_RUN_DEFAULT);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(records[i].good, 1);
        assert_int_equal(tripled[i], 3 * one[i]);
    }
    world_free(pools[1]);
    start(pools[0], work_triple, &records[0]);
    uv_run(&loop, UV_RUN_DEFAULT);
    check_results();
    assert_int_equal(records[0].good, 2);
    world_free(pools[0]);
    close_loop(&loop);
}

static void a_pool_moves_from_loop_to_loop_with_its_calls(void **state)
{
    uv_loop_t loops[3];
    struct record record = {0};
    (void)state;
    pool_t *pool = world_pool(2);
    for (int i = 0; i < 3; i++)
        open_loop(&loops[i]);
    assert_int_equal(pool_attach(pool, &loops[0]), 0);
    start(pool, work_nap_and_triple, &record);
    for (int i = 0; i < 2; i++) {
        uv_run(&loops[i], UV_RUN_ONCE);
        assert_int_equal(pool_attach(pool, NULL), 0);
        assert_int_equal(pool_attach(pool, &loops[i + 1]), 0);
        close_loop(&loops[i]);
    }
    assert_int_equal(record.good, 0);
    uv_run(&loops[2], UV_RUN_DEFAULT);
    assert_int_equal(record.good, 1);
    check_results();
    world_free(pool);
    close_loop(&loops[2]);
}

static void a_pool_serves_one_loop_after_the_other(void **state)
{
    (void)state;
    pool_t *pool = world_pool(2);
    for (int i = 0; i < 3; i++) {
        uv_loop_t loop;
        struct record record = {0};
        open_loop(&loop);
        start(pool, work_triple, &record);
        assert_int_equal(pool_attach(pool, &loop), 0);
        uv_run(&loop, UV_RUN_DEFAULT);
        assert_int_equal(record.good, 1);
        check_results();
        assert_int_equal(pool_attach(pool, NULL), 0);
        close_loop(&loop);
    }
}

static void who_leaves_with_calls_waits_for_them_as_ever(void **state)
{
    uv_loop_t loop;
    (void)state;
    pool_t *pool = world_pool(2);
    open_loop(&loop);
    assert_int_equal(pool_attach(pool, &loop), 0);
    pool_future_t *future = start(pool, work_nap_and_triple, NULL);
    uv_run(&loop, UV_RUN_ONCE);
    assert_int_equal(pool_attach(pool, NULL), 0);
    close_loop(&loop);
    assert_int_equal(pool_future_get(future, -1), 0);
    check_results();
    pool_future_free(future);
}

static void leave(void *context, const pool_progress_t *progress)
{
    (void)progress;
    pool_attach(((struct record *)context)->pool, NULL);
}

static void a_pool_leaves_in_its_own_callback(void **state)
{
    uv_loop_t loop;
    struct record record = {0};
    (void)state;
    pool_t *pool = record.pool = world_pool(2);
    open_loop(&loop);
    assert_int_equal(pool_attach(pool, &loop), 0);
    pool_map_options_t options = recorded(&record);
    options.progress = leave;
    int item = 5, result;
    pool_future_t *slow = start(pool, work_nap_and_triple, NULL);
    assert_int_equal(
        pool_apply_async(pool, work_triple, POOL_IN(&item, 1), POOL_OUT(&result), &options, NULL),
        0);
    close_loop(&loop); /* the run ends as it has left */
    assert_int_equal(pool_future_get(slow, -1), 0);
    assert_int_equal(record.good, 1);
    check_results();
    pool_future_free(slow);
}

/* ---- Ending ---- */

static void free_the_pool(uv_timer_t *timer)
{
    world_free(timer->data);
    uv_close((uv_handle_t *)timer, NULL);
}

static void a_pool_is_freed_with_calls_outstanding_in_a_timer(void **state)
{
    uv_loop_t loop;
    uv_timer_t timer;
    struct record record = {0};
    (void)state;
    pool_t *pool = world_pool(2);
    open_loop(&loop);
    assert_int_equal(pool_attach(pool, &loop), 0);
    start(pool, work_hang, &record);
    uv_timer_init(&loop, &timer);
    timer.data = pool;
    uv_timer_start(&timer, free_the_pool, 30, 0);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(record.bad, 1);
    assert_int_equal(uv_loop_close(&loop), 0); /* the same run has closed the handle */
}

static void a_closed_pool_ends_its_calls_on_the_loop(void **state)
{
    uv_loop_t loop;
    struct record record = {0};
    (void)state;
    pool_t *pool = world_pool(2);
    open_loop(&loop);
    assert_int_equal(pool_attach(pool, &loop), 0);
    start(pool, work_nap_and_triple, &record);
    assert_int_equal(pool_close(pool), 0);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(record.good, 1);
    check_results();
    assert_int_equal(pool_join(pool), 0);
    uv_run(&loop, UV_RUN_DEFAULT);
    world_free(pool);
    close_loop(&loop);
}

static void count(uv_timer_t *timer)
{
    ++*(int *)timer->data;
    uv_close((uv_handle_t *)timer, NULL);
}

static void on_round(uv_prepare_t *prepare)
{
    ++*(int *)prepare->data;
}

/* How often the loop turns while nothing happens for a while. */
static int idle_rounds(uv_loop_t *loop)
{
    uv_timer_t timer;
    uv_prepare_t prepare;
    int rounds = 0, beats = 0;
    uv_timer_init(loop, &timer);
    uv_prepare_init(loop, &prepare);
    timer.data = &beats;
    prepare.data = &rounds;
    uv_timer_start(&timer, count, 100, 0);
    uv_prepare_start(&prepare, on_round);
    uv_unref((uv_handle_t *)&prepare);
    while (beats == 0)
        uv_run(loop, UV_RUN_ONCE);
    uv_close((uv_handle_t *)&prepare, NULL);
    uv_run(loop, UV_RUN_NOWAIT);
    return rounds;
}

/* On a loop that something else keeps running. */
static void a_pool_with_nothing_to_do_is_quiet(void **state)
{
    uv_loop_t loop;
    struct record record = {0};
    (void)state;
    pool_t *pool = world_pool(2);
    open_loop(&loop);
    assert_int_equal(pool_attach(pool, &loop), 0);
    assert_true(idle_rounds(&loop) < 20);
    start(pool, work_triple, &record);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_true(idle_rounds(&loop) < 20);
    pool_future_t *future = start(pool, work_hang, NULL);
    assert_true(idle_rounds(&loop) < 20);
    assert_int_equal(pool_future_cancel(future, 0), 0);
    uv_run(&loop, UV_RUN_DEFAULT);
    pool_future_free(future);
    assert_int_equal(pool_terminate(pool), 0);
    assert_true(idle_rounds(&loop) < 20);
    world_free(pool);
    close_loop(&loop);
}

/* ---- Other threads ---- */

/* A thread that makes calls, and a timer that keeps the loop running until it has. */
struct helper {
    pool_t *pool;
    uv_loop_t *loop;
    uv_timer_t timer;
    pthread_t thread;
    struct ledger *submitted;
    struct record records[20];
    int error;
    double used; /* seconds of its processor's time */
};

static void *submit_some(void *argument)
{
    static int numbers[20], tripled[20];
    struct helper *helper = argument;
    for (int i = 0; i < 20; i++) {
        pool_map_options_t options = recorded(&helper->records[i]);
        options.progress = on_progress;
        pool_future_t *future = NULL;
        numbers[i] = i;
        int error = pool_apply_async(helper->pool, work_nap_and_triple, POOL_IN(&numbers[i], 1),
                                     POOL_OUT(&tripled[i]), &options, &future);
        if (i % 2 && !error) /* it waits for a callback, which the loop makes */
            error = pool_future_get(future, LONG * deadline_slowness());
        helper->error = helper->error ? helper->error : error;
        pool_future_free(future);
    }
    ledger_mark(helper->submitted, 0);
    return NULL;
}

static void wait_for_helper(uv_timer_t *timer)
{
    struct helper *helper = timer->data;
    if (ledger_total(helper->submitted) > 0)
        uv_close((uv_handle_t *)timer, NULL);
}

static void run_with_helper(struct helper *helper, void *(*body)(void *))
{
    uv_timer_init(helper->loop, &helper->timer);
    helper->timer.data = helper;
    uv_timer_start(&helper->timer, wait_for_helper, 1, 1);
    assert_int_equal(pthread_create(&helper->thread, NULL, body, helper), 0);
    uv_run(helper->loop, UV_RUN_DEFAULT);
    pthread_join(helper->thread, NULL);
}

static void calls_of_another_thread_are_told_in_the_loops(void **state)
{
    uv_loop_t loop;
    (void)state;
    struct helper helper = {.loop = &loop, .submitted = ledger_make(1)};
    for (int i = 0; i < 20; i++)
        helper.records[i].loops = pthread_self();
    helper.pool = world_pool(2);
    open_loop(&loop);
    assert_int_equal(pool_attach(helper.pool, &loop), 0);
    int64_t began = deadline_now();
    run_with_helper(&helper, submit_some);
    assert_true(deadline_kept(began, 3000)); /* nobody waits for a second to look by himself */
    assert_int_equal(helper.error, 0);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(helper.records[i].good, 1);
        assert_true(pthread_equal(helper.records[i].thread, pthread_self()));
        assert_int_equal(helper.records[i].astray, 0);
    }
    world_free(helper.pool);
    close_loop(&loop);
}

static void *map_slowly(void *argument)
{
    struct helper *helper = argument;
    int some[100], tripled[100];
    for (int i = 0; i < 100; i++)
        some[i] = i;
    for (int i = 0; i < 5 && !helper->error; i++)
        helper->error =
            pool_map(helper->pool, work_nap_and_triple, POOL_IN(some, 100), POOL_OUT(tripled));
    ledger_mark(helper->submitted, 0);
    return NULL;
}

struct chain {
    pool_t *pool;
    struct ledger *until;
    pthread_t thread;
    int links, errors, item, result;
};

static void next_link(pool_future_t *future, void *context)
{
    struct chain *chain = context;
    pool_map_options_t options = {
        .callback = next_link, .error_callback = next_link, .context = chain, .priority = 1};
    (void)future;
    chain->links++;
    chain->errors += !pthread_equal(chain->thread, pthread_self());
    if (ledger_total(chain->until) == 0)
        chain->errors += pool_apply_async(chain->pool, work_triple, POOL_IN(&chain->item, 1),
                                          POOL_OUT(&chain->result), &options, NULL) != 0;
}

/* One thread sleeps for all, the other has its callbacks nevertheless, and neither misses a wake-up. */
static void the_loop_goes_on_while_another_thread_waits(void **state)
{
    uv_loop_t loop;
    (void)state;
    struct helper helper = {.loop = &loop, .submitted = ledger_make(1)};
    helper.pool = world_pool(3);
    open_loop(&loop);
    assert_int_equal(pool_attach(helper.pool, &loop), 0);
    struct chain chain = {
        .pool = helper.pool, .until = helper.submitted, .thread = pthread_self(), .item = 4};
    int64_t began = deadline_now();
    next_link(NULL, &chain);
    run_with_helper(&helper, map_slowly);
    assert_int_equal(helper.error, 0);
    assert_int_equal(chain.errors, 0);
    assert_true(chain.links > 20);
    assert_true(deadline_kept(began, 4000));
    world_free(helper.pool);
    close_loop(&loop);
}

static void *join_pool(void *argument)
{
    struct helper *helper = argument;
    struct timespec used;
    helper->error = pool_join(helper->pool);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    helper->used = (double)used.tv_sec + (double)used.tv_nsec / 1e9;
    return NULL;
}

/* All processes have ended, and the callback is the loop's, which does something else. */
static void who_waits_for_the_loop_of_a_pool_that_is_gone_sleeps(void **state)
{
    uv_loop_t loop;
    struct record record = {0};
    (void)state;
    struct helper helper = {.loop = &loop, .error = 1};
    helper.pool = world_pool(2);
    open_loop(&loop);
    assert_int_equal(pool_attach(helper.pool, &loop), 0);
    start(helper.pool, work_triple, &record);
    assert_int_equal(pool_close(helper.pool), 0);
    assert_int_equal(pthread_create(&helper.thread, NULL, join_pool, &helper), 0);
    for (int i = 0; i < 5; i++)
        poll(NULL, 0, 100);
    assert_int_equal(record.good, 0);
    uv_run(&loop, UV_RUN_DEFAULT);
    pthread_join(helper.thread, NULL);
    assert_int_equal(helper.error, 0);
    assert_int_equal(record.good, 1);
    assert_true(helper.used < 0.05 * deadline_slowness());
    world_free(helper.pool);
    close_loop(&loop);
}

static void *run_loop(void *loop)
{
    uv_run(loop, UV_RUN_DEFAULT);
    return NULL;
}

static void a_loop_may_be_prepared_in_one_thread_and_run_in_another(void **state)
{
    uv_loop_t loop;
    pthread_t thread;
    struct record record = {0};
    (void)state;
    pool_t *pool = world_pool(2);
    open_loop(&loop);
    assert_int_equal(pool_attach(pool, &loop), 0);
    start(pool, work_nap_and_triple, &record);
    assert_int_equal(pthread_create(&thread, NULL, run_loop, &loop), 0);
    pthread_join(thread, NULL);
    assert_int_equal(record.good, 1);
    assert_false(pthread_equal(record.thread, pthread_self()));
    check_results();
    world_free(pool);
    close_loop(&loop);
}

static void *run_once(void *loop)
{
    uv_run(loop, UV_RUN_ONCE);
    return NULL;
}

/* The loop's thread has ended, so the callbacks that are left are made where the pool is freed. */
static void a_pool_is_freed_after_its_loops_thread(void **state)
{
    uv_loop_t loop;
    pthread_t thread;
    struct record record = {0};
    int one = 1, tripled;
    (void)state;
    pool_t *pool = world_pool(2);
    open_loop(&loop);
    assert_int_equal(pool_attach(pool, &loop), 0);
    assert_int_equal(
        pool_apply_async(pool, work_triple, POOL_IN(&one, 1), POOL_OUT(&tripled), NULL, NULL), 0);
    assert_int_equal(pthread_create(&thread, NULL, run_once, &loop), 0);
    pthread_join(thread, NULL);
    start(pool, work_hang, &record);
    world_free(pool);
    assert_int_equal(record.bad, 1);
    close_loop(&loop);
}

/* ---- Forked copies of the host ---- */

struct copied {
    uv_loop_t loop;
    pool_t *pool;
    int descriptor;
    bool frees, runs;
};

static void live_as_a_copy(void *argument)
{
    struct copied *copied = argument;
    uv_timer_t timer;
    int beats = 0;
    SUBHOST_EQUAL(pool_attach(copied->pool, NULL), POOL_EFORKED);
    SUBHOST_EQUAL(pool_attach(copied->pool, &copied->loop), POOL_EFORKED);
    if (copied->frees)
        pool_free(copied->pool);
    SUBHOST_CHECK(fcntl(copied->descriptor, F_GETFD) >= 0); /* the handle's, which is on the loop */
    if (!copied->runs)
        return;
    SUBHOST_EQUAL(uv_loop_fork(&copied->loop), 0);
    uv_timer_init(&copied->loop, &timer);
    timer.data = &beats;
    uv_timer_start(&timer, count, 50, 0);
    while (beats == 0)
        uv_run(&copied->loop, UV_RUN_ONCE);
}

static void copies_of_the_host_leave_its_loop_alone(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct copied copied = {.frees = i % 2, .runs = i / 2};
        struct record record = {0};
        copied.pool = world_pool(2);
        open_loop(&copied.loop);
        assert_int_equal(pool_attach(copied.pool, &copied.loop), 0);
        copied.descriptor = pool_fileno(copied.pool);
        start(copied.pool, work_nap_and_triple, &record);
        uv_run(&copied.loop, UV_RUN_ONCE);
        assert_int_equal(subhost_wait(subhost_start(live_as_a_copy, &copied)), 0);
        uv_run(&copied.loop, UV_RUN_DEFAULT);
        assert_int_equal(record.good, 1);
        check_results();
        world_free(copied.pool);
        close_loop(&copied.loop);
    }
}

int main(void)
{
    host_prepare_libuv();
    const struct CMUnitTest tests[] = {
        WORLD_TEST(attaching_has_codes),
        WORLD_TEST(a_loop_closes_only_when_the_pool_has_left),
        WORLD_TEST(attaching_without_descriptors_leaves_nothing),
        WORLD_TEST(two_pools_share_a_loop),
        WORLD_TEST(a_pool_moves_from_loop_to_loop_with_its_calls),
        WORLD_TEST(a_pool_serves_one_loop_after_the_other),
        WORLD_TEST(who_leaves_with_calls_waits_for_them_as_ever),
        WORLD_TEST(a_pool_leaves_in_its_own_callback),
        WORLD_TEST(a_pool_is_freed_with_calls_outstanding_in_a_timer),
        WORLD_TEST(a_closed_pool_ends_its_calls_on_the_loop),
        WORLD_TEST(a_pool_with_nothing_to_do_is_quiet),
        WORLD_TEST(calls_of_another_thread_are_told_in_the_loops),
        WORLD_TEST(the_loop_goes_on_while_another_thread_waits),
        WORLD_TEST(who_waits_for_the_loop_of_a_pool_that_is_gone_sleeps),
        WORLD_TEST(a_loop_may_be_prepared_in_one_thread_and_run_in_another),
        WORLD_TEST(a_pool_is_freed_after_its_loops_thread),
        WORLD_TEST(copies_of_the_host_leave_its_loop_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
