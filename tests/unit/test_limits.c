/* How long a worker may work, and when it asks for its successor. */
#include <string.h>

#include "common/clock.h"
#include "unit/unit.h"
#include "worker/limits.h"

enum { LIFE = 20, SECOND = 1000000000, MILLISECOND = 1000000 };

struct fixture {
    struct pool__launch launch;
    struct pool__board *board;
    struct worker worker;
};

/* A worker whose start took so many nanoseconds. It has no supervisor, which could be signalled. */
static struct worker *begin(struct fixture *fixture, pool_options_t options, uint64_t start)
{
    memset(fixture, 0, sizeof *fixture);
    assert_int_equal(pool__board_map(&fixture->board, NULL, 1, 1), 0);
    fixture->launch.board = fixture->board;
    fixture->launch.options = options;
    fixture->worker.launch = &fixture->launch;
    fixture->worker.board = fixture->board;
    fixture->worker.slot = pool__slot(fixture->board, 0, 3);
    fixture->worker.life = 3;
    fixture->worker.supervisor = -1;
    pool__limits_begin(&fixture->worker, start);
    return &fixture->worker;
}

static void end(struct fixture *fixture)
{
    pool__board_unmap(fixture->board);
}

/* Runs so many items, each of which takes so long. */
static void run(struct worker *worker, size_t count, uint64_t nanoseconds)
{
    for (; count > 0; count--) {
        worker->limits.seen = pool__now() - nanoseconds;
        pool__limits_watch(worker, 1);
    }
}

static bool has_asked(const struct worker *worker)
{
    return atomic_load(&worker->slot->wants_successor) == worker->life;
}

static void without_limits_nothing_is_watched(void **test)
{
    struct fixture fixture;
    (void)test;
    struct worker *worker = begin(&fixture, (pool_options_t){0}, SECOND);
    assert_false(worker->limits.any);
    assert_false(has_asked(worker));
    end(&fixture);
}

static void it_is_over_after_so_many_items(void **test)
{
    struct fixture fixture;
    (void)test;
    struct worker *worker = begin(&fixture, (pool_options_t){.maxtasksperchild = LIFE}, 0);
    assert_true(worker->limits.any);
    run(worker, LIFE - 1, 1000);
    assert_false(worker->limits.over);
    run(worker, 1, 1000);
    assert_true(worker->limits.over);
    end(&fixture);
}

/* For what is left takes less than two starts: six items of a second, with starts of three. */
static void it_asks_when_little_is_left(void **test)
{
    struct fixture fixture;
    (void)test;
    pool_options_t options = {.maxtasksperchild = LIFE};
    struct worker *worker = begin(&fixture, options, (uint64_t)3 * SECOND + SECOND / 4);
    run(worker, LIFE - 7, SECOND);
    assert_false(has_asked(worker));
    run(worker, 1, SECOND);
    assert_true(has_asked(worker));
    end(&fixture);
}

static void with_a_short_start_it_asks_before_its_last_item(void **test)
{
    struct fixture fixture;
    (void)test;
    struct worker *worker = begin(&fixture, (pool_options_t){.maxtasksperchild = LIFE}, 1000);
    run(worker, LIFE - 2, SECOND);
    assert_false(has_asked(worker));
    run(worker, 1, SECOND);
    assert_true(has_asked(worker));
    assert_false(worker->limits.over);
    end(&fixture);
}

static void with_one_item_it_asks_at_once(void **test)
{
    struct fixture fixture;
    (void)test;
    struct worker *worker = begin(&fixture, (pool_options_t){.maxtasksperchild = 1}, 0);
    assert_true(has_asked(worker));
    assert_false(worker->limits.over);
    run(worker, 1, 0);
    assert_true(worker->limits.over);
    end(&fixture);
}

/* Waiting for work says nothing of how long items take. */
static void idle_times_do_not_count(void **test)
{
    struct fixture fixture;
    (void)test;
    pool_options_t options = {.maxtasksperchild = LIFE};
    struct worker *worker = begin(&fixture, options, (uint64_t)3 * SECOND + SECOND / 4);
    worker->limits.seen -= (uint64_t)1000 * SECOND; /* then the first chunk comes */
    run(worker, LIFE - 6, SECOND);
    assert_true(has_asked(worker));
    assert_in_range(worker->limits.busy, (uint64_t)(LIFE - 6) * SECOND,
                    (uint64_t)(LIFE - 5) * SECOND);
    end(&fixture);
}

static void beyond_its_memory_it_runs_one_item(void **test)
{
    struct fixture fixture;
    (void)test;
    struct worker *worker = begin(&fixture, (pool_options_t){.maxmemoryperchild = 1}, 0);
    assert_true(has_asked(worker));
    assert_false(worker->limits.over);
    const uint64_t before = worker->limits.measured = pool__now();
    run(worker, 1, 0);
    assert_true(!worker->limits.over ||
                pool__now() - before >= MILLISECOND); /* looks are that rare */
    worker->limits.measured = 0;
    run(worker, 1, 0);
    assert_true(worker->limits.over);
    end(&fixture);
}

static void within_its_memory_it_goes_on(void **test)
{
    struct fixture fixture;
    (void)test;
    struct worker *worker = begin(&fixture, (pool_options_t){.maxmemoryperchild = SIZE_MAX}, 0);
    for (int i = 0; i < 100; i++) {
        worker->limits.measured = 0;
        run(worker, 1, 0);
    }
    assert_false(worker->limits.over);
    assert_false(has_asked(worker));
    end(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_limits_nothing_is_watched),
        cmocka_unit_test(it_is_over_after_so_many_items),
        cmocka_unit_test(it_asks_when_little_is_left),
        cmocka_unit_test(with_a_short_start_it_asks_before_its_last_item),
        cmocka_unit_test(with_one_item_it_asks_at_once),
        cmocka_unit_test(idle_times_do_not_count),
        cmocka_unit_test(beyond_its_memory_it_runs_one_item),
        cmocka_unit_test(within_its_memory_it_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
