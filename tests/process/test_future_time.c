/* What the options of a call promise: its time limit, fail_fast, priority, progress. */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "support/deadline.h"
#include "support/gate.h"
#include "support/ledger.h"
#include "support/outcome.h"
#include "support/world.h"

enum { ITEMS = 100, WORKERS = 2, SLEEPER = 30, LIMIT = 300 };

static struct ledger *started;
static struct gate *gate;

static int items[ITEMS], results[ITEMS];

static int triple(const void *item, void *result, pool_task_t *task)
{
    ledger_mark(started, pool_task_index(task));
    *(int *)result = 3 * *(const int *)item;
    return 0;
}

static int sleep_at_some(const void *item, void *result, pool_task_t *task)
{
    triple(item, result, task);
    while (*(const int *)item >= SLEEPER)
        poll(NULL, 0, -1);
    return 0;
}

static int nap(const void *item, void *result, pool_task_t *task)
{
    poll(NULL, 0, 10);
    return triple(item, result, task);
}

static pool_t *make_pool(void)
{
    started = ledger_make(ITEMS);
    gate = gate_make();
    memset(results, 0, sizeof results);
    return world_pool(WORKERS);
}

static pool_future_t *start(pool_t *pool, pool_function_t function,
                            const pool_map_options_t *options)
{
    pool_future_t *future = NULL;
    assert_int_equal(
        pool_map_async(pool, function, POOL_IN(items, ITEMS), POOL_OUT(results), options, &future),
        0);
    return future;
}

/* ---- Time limit ---- */

static void check_timed_out(const pool_error_t *errors, size_t failed)
{
    size_t next = 0;
    for (int i = 0; i < ITEMS; i++) {
        bool bad = next < failed && errors[next].index == (size_t)i;
        assert_int_equal(results[i], bad ? 0 : 3 * i);
        if (!bad)
            continue;
        assert_int_equal(errors[next].kind, POOL_TIMED_OUT);
        assert_int_equal(errors[next].code, -ETIMEDOUT);
        next++;
    }
    assert_int_equal(next, failed);
    assert_true(ledger_all_within(started, 0, 1));
}

static void a_blocking_call_returns_when_its_time_is_up(void **state)
{
    static const size_t chunks[] = {0, 1, 7, ITEMS};
    (void)state;
    for (size_t k = 0; k < 4; k++) {
        const pool_error_t *errors;
        pool_t *pool = make_pool();
        pool_map_options_t options = {.timeout = LIMIT, .chunksize = chunks[k]};
        int64_t began = deadline_now();
        int failed =
            pool_map_with(pool, sleep_at_some, POOL_IN(items, ITEMS), POOL_OUT(results), &options);
        int64_t took = deadline_now() - began;
        assert_true(took >= LIMIT - 1 && took < LIMIT + 500 * deadline_slowness());
        assert_int_equal(pool_errors(pool, &errors), failed);
        check_timed_out(errors, (size_t)failed);
        assert_true(failed >= ITEMS - SLEEPER);
        assert_true(chunks[k] > 1 || failed == ITEMS - SLEEPER);
        outcome_pool_works(pool);
        assert_true(outcome_replaced(pool, chunks[k] == ITEMS ? 1 : WORKERS));
        world_free(pool);
    }
}

static void a_future_times_out_by_itself(void **state)
{
    const pool_error_t *errors;
    (void)state;
    pool_t *pool = make_pool();
    pool_map_options_t options = {.timeout = LIMIT, .chunksize = 1};
    pool_future_t *future = start(pool, sleep_at_some, &options);
    assert_int_equal(pool_future_wait(future, LIMIT / 3), -ETIMEDOUT);
    assert_int_equal(pool_future_get(future, -1), ITEMS - SLEEPER);
    check_timed_out(errors, pool_future_errors(future, &errors));
    pool_future_free(future);
    outcome_pool_works(pool);
}

static void a_call_that_ends_in_time_is_not_hit(void **state)
{
    (void)state;
    pool_t *pool = make_pool();
    pool_map_options_t options = {.timeout = 5000 * deadline_slowness()};
    assert_int_equal(pool_map_with(pool, nap, POOL_IN(items, ITEMS), POOL_OUT(results), &options),
                     0);
    check_timed_out(NULL, 0);
    assert_int_equal(pool_replaced(pool), 0);
}

static void check_refused(const pool_map_options_t options)
{
    pool_future_t *future = NULL;
    pool_iterator_t *iterator = NULL;
    pool_t *pool = make_pool();
    pool_in_t in = POOL_IN(items, ITEMS);
    pool_source_t source = {.in = in};
    assert_int_equal(pool_map_with(pool, nap, in, POOL_OUT(results), &options), POOL_EOPTION);
    assert_int_equal(pool_map_async(pool, nap, in, POOL_OUT(results), &options, &future),
                     POOL_EOPTION);
    assert_int_equal(pool_imap(pool, nap, &source, POOL_RESULT(int), &options, &iterator),
                     POOL_EOPTION);
    assert_null(future);
    assert_null(iterator);
    assert_int_equal(ledger_total(started), 0);
}

static void negative_times_are_refused(void **state)
{
    (void)state;
    check_refused((pool_map_options_t){.timeout = -1});
    check_refused((pool_map_options_t){.ahead = -1});
}

/* ---- fail_fast ---- */

static int fail_at_five(const void *item, void *result, pool_task_t *task)
{
    nap(item, result, task);
    return *(const int *)item == 5 ? 55 : 0;
}

static void after_the_first_failure_nothing_more_is_started(void **state)
{
    static const size_t chunks[] = {0, 1, 10};
    (void)state;
    for (size_t k = 0; k < 3; k++) {
        const pool_error_t *errors;
        pool_t *pool = make_pool();
        pool_map_options_t options = {.fail_fast = true, .chunksize = chunks[k]};
        int failed =
            pool_map_with(pool, fail_at_five, POOL_IN(items, ITEMS), POOL_OUT(results), &options);
        assert_int_equal(pool_errors(pool, &errors), failed);
        assert_true(failed > ITEMS / 2);
        for (int i = 0; i < failed; i++)
            assert_int_equal(errors[i].kind, errors[i].index == 5 ? POOL_FAILED : POOL_CANCELLED);
        outcome_is(pool, 5, POOL_FAILED, 55);
        assert_int_equal(ledger_total(started), ITEMS - (uint64_t)failed + 1);
        assert_int_equal(pool_replaced(pool), 0);
        outcome_pool_works(pool);
        world_free(pool);
    }
}

static void without_it_every_item_is_run(void **state)
{
    (void)state;
    pool_t *pool = make_pool();
    assert_int_equal(pool_map(pool, fail_at_five, POOL_IN(items, ITEMS), POOL_OUT(results)), 1);
    assert_int_equal(ledger_total(started), ITEMS);
}

/* ---- Priority ---- */

enum { MANY = 10000 };

static struct ledger *order, *turn;

/* Marks at which place it was run. One worker, so nobody comes between. */
static int take_place(const void *item, void *result, pool_task_t *task)
{
    if (!gate_pass(gate))
        return 1;
    *(uint32_t *)result = ledger_count(turn, 0);
    ledger_mark(turn, 0);
    ledger_mark(order, pool_task_index(task));
    (void)item;
    return 0;
}

static uint64_t sum(const uint32_t *places)
{
    uint64_t total = 0;
    for (size_t i = 0; i < MANY; i++)
        total += places[i];
    return total;
}

static void items_of_higher_priority_are_given_out_first(void **state)
{
    static char many[MANY];
    static uint32_t places[3][MANY];
    pool_future_t *futures[3];
    (void)state;
    gate = gate_make();
    order = ledger_make(MANY);
    turn = ledger_make(1);
    pool_t *pool = world_pool(1);
    for (int i = 0; i < 3; i++) { /* -1, 1, 0 */
        pool_map_options_t options = {.priority = i == 0 ? -1 : 2 - i, .chunksize = 1};
        assert_int_equal(pool_map_async(pool, take_place, POOL_IN(many, MANY), POOL_OUT(places[i]),
                                        &options, &futures[i]),
                         0);
    }
    gate_open(gate);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(pool_future_get(futures[i], -1), 0);
        pool_future_free(futures[i]);
    }
    assert_true(sum(places[1]) < sum(places[2]));
    assert_true(places[1][MANY - 1] < places[2][MANY - 1]);
    assert_true(places[2][MANY - 1] < places[0][MANY - 1]);
    assert_true(places[1][MANY - 1] <=
                MANY + 4096 + 64); /* behind what was out, and nothing else */
}

/* ---- Progress ---- */

struct progress {
    size_t calls, ended, failed, total, faults, at_end;
    int64_t began; /* before the call was made */
};

static void on_progress(void *context, const pool_progress_t *now)
{
    struct progress *progress = context;
    double seconds = (double)(deadline_now() - progress->began + 2) / 1e3;
    progress->faults += now->done < progress->ended || now->failed < progress->failed ||
                        now->done > now->total || now->failed > now->done ||
                        now->rate < (double)now->done / seconds ||
                        (progress->calls && now->total != progress->total);
    progress->calls++;
    progress->ended = now->done;
    progress->failed = now->failed;
    progress->total = now->total;
}

static void on_end(pool_future_t *future, void *context)
{
    struct progress *progress = context;
    (void)future;
    progress->at_end = progress->ended;
}

static void progress_grows_and_ends_at_the_total(void **state)
{
    struct progress progress;
    (void)state;
    pool_t *pool = make_pool();
    pool_map_options_t options = {
        .progress = on_progress, .error_callback = on_end, .context = &progress, .chunksize = 1};
    for (int round = 0; round < 2; round++) {
        progress = (struct progress){.began = deadline_now()};
        if (round == 0) {
            assert_int_equal(pool_map_with(pool, fail_at_five, POOL_IN(items, ITEMS),
                                           POOL_OUT(results), &options),
                             1);
        } else {
            pool_future_t *future = start(pool, fail_at_five, &options);
            assert_int_equal(pool_future_get(future, -1), 1);
            pool_future_free(future);
        }
        assert_int_equal(progress.faults, 0);
        assert_true(progress.calls > 5 && progress.calls <= ITEMS);
        assert_int_equal(progress.ended, ITEMS);
        assert_int_equal(progress.total, ITEMS);
        assert_int_equal(progress.failed, 1);
        assert_int_equal(progress.at_end, ITEMS); /* before the last callback */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(a_blocking_call_returns_when_its_time_is_up),
        WORLD_TEST(a_future_times_out_by_itself),
        WORLD_TEST(a_call_that_ends_in_time_is_not_hit),
        WORLD_TEST(negative_times_are_refused),
        WORLD_TEST(after_the_first_failure_nothing_more_is_started),
        WORLD_TEST(without_it_every_item_is_run),
        WORLD_TEST(items_of_higher_priority_are_given_out_first),
        WORLD_TEST(progress_grows_and_ends_at_the_total),
    };
    for (int i = 0; i < ITEMS; i++)
        items[i] = i;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
