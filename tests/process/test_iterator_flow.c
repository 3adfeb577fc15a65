/* Iterators as streams: endless sources, slow consumers, time limits, ends midway, dying workers. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "support/deadline.h"
#include "support/gate.h"
#include "support/host.h"
#include "support/ledger.h"
#include "support/outcome.h"
#include "support/process.h"
#include "support/world.h"

enum { AHEAD = 8192 };

static struct gate *gate;
static struct ledger *started;

static int triple(const void *item, void *result, pool_task_t *task)
{
    (void)task;
    *(uint64_t *)result = 3 * *(const uint64_t *)item;
    return 0;
}

static int triple_behind_gate(const void *item, void *result, pool_task_t *task)
{
    ledger_mark(started, 0);
    if (*(const uint64_t *)item > 2 && !gate_pass(gate))
        return 1;
    return triple(item, result, task);
}

static pool_iterator_t *start(pool_t *pool, pool_function_t function, uint64_t *next, bool ordered,
                              const pool_map_options_t *options)
{
    pool_source_t source = {
        .in = POOL_IN((uint64_t *)0, 0), .next = host_count_for_ever, .context = next};
    pool_iterator_t *iterator = NULL;
    int error = ordered
                    ? pool_imap(pool, function, &source, POOL_RESULT(uint64_t), options, &iterator)
                    : pool_imap_unordered(pool, function, &source, POOL_RESULT(uint64_t), options,
                                          &iterator);
    assert_int_equal(error, 0);
    return iterator;
}

/* ---- Endless ---- */

static void check_endless(bool ordered)
{
    const uint64_t count = 3000000 / (uint64_t)deadline_slowness(), warm = count / 10;
    uint64_t next = 0, result, sum = 0;
    long before = 0;
    pool_iterator_t *iterator = start(world_pool(2), triple, &next, ordered, NULL);
    for (uint64_t i = 0; i < count; i++) {
        if (i == warm)
            before = process_kilobytes(getpid(), "VmRSS");
        if (pool_next(iterator, &result, -1) != 1 || result != 3 * pool_next_index(iterator))
            fail_msg("item %llu", (unsigned long long)i);
        sum += result;
        if (next - i > AHEAD + 1)
            fail_msg("%llu items ahead", (unsigned long long)(next - i));
    }
    assert_true(!ordered || sum == 3 * (count * (count - 1) / 2));
    assert_true(before > 0);
    assert_true(process_kilobytes(getpid(), "VmRSS") - before < 4096);
    pool_iterator_free(iterator);
}

static void an_endless_source_takes_no_more_memory(void **state)
{
    (void)state;
    check_endless(true);
    check_endless(false);
}

static void a_slow_consumer_holds_the_source_back(void **state)
{
    uint64_t next = 0, result;
    pool_map_options_t options = {.chunksize = 10};
    (void)state;
    pool_t *pool = world_pool(2);
    pool_iterator_t *iterator = start(pool, triple, &next, true, &options);
    for (uint64_t i = 0; i < 20; i++) {
        outcome_pool_works(pool); /* turns the pool without taking a result */
        poll(NULL, 0, 5);
        assert_true(next <= AHEAD);
        assert_int_equal(pool_next(iterator, &result, -1), 1);
        assert_true(result == 3 * i);
    }
    assert_true(next <= AHEAD);
    pool_iterator_free(iterator);
}

enum { BLOB = 1 << 20 };

static int make_blob(const void *item, void *result, pool_task_t *task)
{
    pool_bytes_t *blob = result;
    blob->data = pool_task_alloc(task, BLOB);
    blob->size = BLOB;
    memset((void *)(uintptr_t)blob->data, (int)(*(const uint64_t *)item % 251), BLOB);
    return 0;
}

/* Results of a megabyte: at most some 32 of them wait. */
static void large_results_hold_the_source_back(void **state)
{
    uint64_t next = 0;
    pool_iterator_t *iterator;
    (void)state;
    pool_t *pool = world_pool(2);
    pool_source_t source = {
        .in = POOL_IN((uint64_t *)0, 0), .next = host_count_for_ever, .context = &next};
    assert_int_equal(
        pool_imap(pool, make_blob, &source, POOL_RESULT(pool_bytes_t), NULL, &iterator), 0);
    for (uint64_t i = 0; i < 150; i++) {
        pool_bytes_t blob = {0};
        assert_int_equal(pool_next(iterator, &blob, -1), 1);
        assert_int_equal(blob.size, BLOB);
        assert_int_equal(((const unsigned char *)blob.data)[BLOB - 1], i % 251);
        pool_release(&pool_type_bytes, &blob, 1);
        if (i > 20) {
            outcome_pool_works(pool);
            assert_true(next - i < 70);
        }
    }
    pool_iterator_free(iterator);
}

/* ---- Time ---- */

static void waiting_for_the_next_stops_in_time_and_skips_nothing(void **state)
{
    uint64_t next = 0, result;
    pool_map_options_t options = {.chunksize = 1};
    (void)state;
    gate = gate_make();
    started = ledger_make(1);
    pool_iterator_t *iterator = start(world_pool(2), triple_behind_gate, &next, true, &options);
    for (uint64_t i = 0; i < 3; i++) {
        assert_int_equal(pool_next(iterator, &result, -1), 1);
        assert_true(result == 3 * i);
    }
    int64_t began = deadline_now();
    assert_int_equal(pool_next(iterator, &result, 0), -ETIMEDOUT);
    assert_int_equal(pool_next(iterator, &result, 150), -ETIMEDOUT);
    int64_t took = deadline_now() - began;
    assert_true(took >= 149 && took < 149 + 300 * deadline_slowness());
    gate_open(gate);
    for (uint64_t i = 3; i < 100; i++) {
        assert_int_equal(pool_next(iterator, &result, -1), 1);
        assert_true(result == 3 * i);
    }
    pool_iterator_free(iterator);
}

static int sleep_at_fifty(const void *item, void *result, pool_task_t *task)
{
    while (*(const uint64_t *)item == 50)
        poll(NULL, 0, -1);
    return triple(item, result, task);
}

static void a_time_limit_ends_an_endless_iteration(void **state)
{
    uint64_t next = 0, result, given = 0;
    pool_map_options_t options = {.chunksize = 1, .timeout = 300};
    int got;
    (void)state;
    pool_t *pool = world_pool(2);
    int64_t began = deadline_now();
    pool_iterator_t *iterator = start(pool, sleep_at_fifty, &next, true, &options);
    while ((got = pool_next(iterator, &result, -1)) == 1 || got == POOL_EITEM) {
        assert_true(pool_next_index(iterator) == given++);
        if (got == POOL_EITEM)
            assert_int_equal(pool_next_error(iterator)->kind, POOL_TIMED_OUT);
        assert_true(deadline_now() - began < 5000 * deadline_slowness());
    }
    assert_int_equal(got, -ETIME);
    assert_true(given > 50 && given <= next);
    outcome_pool_works(pool);
    pool_iterator_free(iterator);
}

static int sleep_from_thirty(const void *item, void *result, pool_task_t *task)
{
    ledger_mark(started, *(const uint64_t *)item);
    while (*(const uint64_t *)item >= 30)
        poll(NULL, 0, -1);
    return triple(item, result, task);
}

static void results_before_a_time_limit_are_given_and_the_rest_never_starts(void **state)
{
    enum { COUNT = 100, WORKERS = 2 };
    uint64_t items[COUNT] = {0}, result;
    pool_map_options_t options = {.chunksize = 1, .timeout = 300};
    pool_source_t source = {.in = POOL_IN(items, COUNT)};
    (void)state;
    started = ledger_make(COUNT);
    for (uint64_t i = 0; i < COUNT; i++)
        items[i] = i;
    pool_t *pool = world_pool(WORKERS);
    for (int ordered = 0; ordered < 2; ordered++) {
        pool_iterator_t *iterator;
        ledger_clear(started);
        int64_t began = deadline_now();
        assert_int_equal((ordered ? pool_imap : pool_imap_unordered)(pool, sleep_from_thirty,
                                                                     &source, POOL_RESULT(uint64_t),
                                                                     &options, &iterator),
                         0);
        for (size_t i = 0; i < COUNT; i++) {
            assert_int_equal(pool_next(iterator, &result, -1), i < 30 ? 1 : POOL_EITEM);
            assert_int_equal(pool_next_index(iterator) < 30, i < 30);
            if (i >= 30)
                assert_int_equal(pool_next_error(iterator)->kind, POOL_TIMED_OUT);
        }
        assert_true(deadline_now() - began >= 299 && deadline_kept(began, 1300));
        assert_int_equal(pool_next(iterator, &result, -1), -ETIME);
        assert_int_equal(ledger_total(started), 30 + WORKERS);
        pool_iterator_free(iterator);
        outcome_pool_works(pool);
    }
}

/* ---- Ends midway ---- */

static void an_iteration_may_be_given_up_midway(void **state)
{
    (void)state;
    pool_t *pool = world_pool(2);
    for (uint64_t taken = 0; taken < 60; taken += 3) {
        uint64_t next = 0, result, after;
        pool_map_options_t options = {.chunksize = taken % 4};
        pool_iterator_t *iterator = start(pool, triple, &next, taken % 2, &options);
        for (uint64_t i = 0; i < taken; i++)
            assert_int_equal(pool_next(iterator, &result, -1), 1);
        pool_iterator_free(iterator);
        after = next;
        outcome_pool_works(pool);
        assert_true(next == after);
    }
    pool_iterator_free(NULL);
}

static void items_that_had_not_started_never_do_after_that(void **state)
{
    (void)state;
    for (int ordered = 0; ordered < 2; ordered++) {
        uint64_t next = 0, result;
        pool_map_options_t options = {.chunksize = 1};
        gate = gate_make();
        started = ledger_make(1);
        pool_t *pool = world_pool(2);
        pool_iterator_t *iterator = start(pool, triple_behind_gate, &next, ordered, &options);
        for (int i = 0; i < 3; i++)
            assert_int_equal(pool_next(iterator, &result, -1), 1);
        pool_iterator_free(iterator);
        gate_open(gate);
        assert_int_equal(pool_close(pool), 0);
        assert_int_equal(pool_join(pool), 0);
        assert_true(ledger_total(started) <= 5);
    }
}

static void check_ends(pool_iterator_t *iterator, int end)
{
    uint64_t result;
    int got, left = 10 * AHEAD;
    while ((got = pool_next(iterator, &result, -1)) == 1 || got == POOL_EITEM)
        if (left-- == 0)
            break;
    assert_int_equal(got, end);
    pool_iterator_free(iterator);
}

static void an_iteration_ends_with_its_pool(void **state)
{
    uint64_t next = 0, result;
    pid_t worker;
    (void)state;
    pool_t *pool = world_pool(2);
    pool_iterator_t *iterator = start(pool, triple, &next, true, NULL);
    assert_int_equal(pool_next(iterator, &result, -1), 1);
    assert_int_equal(pool_terminate(pool), 0);
    check_ends(iterator, POOL_ECLOSED);
    world_expect_orphans();
    pool = world_pool(2);
    iterator = start(pool, triple, &next, true, NULL);
    assert_int_equal(pool_next(iterator, &result, -1), 1);
    pool_pids(pool, &worker, 1);
    assert_true(process_kill(process_supervisor(worker)));
    check_ends(iterator, POOL_EBROKEN);
}

/* ---- Workers die ---- */

static int kill_some(const void *item, void *result, pool_task_t *task)
{
    if (*(const uint64_t *)item % 100 == 99)
        raise(SIGKILL);
    return triple(item, result, task);
}

static void check_with_deaths(bool ordered, size_t chunksize)
{
    enum { COUNT = 1500 };
    static unsigned char seen[2 * AHEAD + COUNT];
    uint64_t next = 0, result;
    pool_map_options_t options = {.chunksize = chunksize};
    memset(seen, 0, sizeof seen);
    pool_iterator_t *iterator = start(world_pool(3), kill_some, &next, ordered, &options);
    for (uint64_t i = 0; i < COUNT; i++) {
        int got = pool_next(iterator, &result, -1);
        size_t index = pool_next_index(iterator);
        assert_true(index < sizeof seen && !seen[index]++);
        assert_true(!ordered || index == i);
        assert_int_equal(got, index % 100 == 99 ? POOL_EITEM : 1);
        assert_true(got != 1 || result == 3 * index);
    }
    pool_iterator_free(iterator);
}

static void dying_workers_cost_their_items_alone(void **state)
{
    (void)state;
    check_with_deaths(true, 0);
    check_with_deaths(false, 0);
    check_with_deaths(true, 30);
    check_with_deaths(false, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(an_endless_source_takes_no_more_memory),
        WORLD_TEST(a_slow_consumer_holds_the_source_back),
        WORLD_TEST(large_results_hold_the_source_back),
        WORLD_TEST(waiting_for_the_next_stops_in_time_and_skips_nothing),
        WORLD_TEST(a_time_limit_ends_an_endless_iteration),
        WORLD_TEST(results_before_a_time_limit_are_given_and_the_rest_never_starts),
        WORLD_TEST(an_iteration_may_be_given_up_midway),
        WORLD_TEST(items_that_had_not_started_never_do_after_that),
        WORLD_TEST(an_iteration_ends_with_its_pool),
        WORLD_TEST(dying_workers_cost_their_items_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
