/* Every call on a pool, in every state and place in which that could be: it says so, and does not wait. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "support/deadline.h"
#include "support/outcome.h"
#include "support/subhost.h"
#include "support/world.h"

enum { GOOD = 1 }; /* or more, or 0 */

static int numbers[1] = {1}, results[16];
static double sums[1];

static int copy(const void *item, void *result, pool_task_t *task)
{
    (void)task;
    if (result)
        *(int *)result = *(const int *)item;
    return 0;
}

static int add(const void *item, void *result, pool_task_t *task)
{
    (void)task;
    *(double *)result += *(const int *)item;
    return 0;
}

static int merge(void *into, const void *from)
{
    *(double *)into += *(const double *)from;
    return 0;
}

static int twice(int number)
{
    return 2 * number;
}
POOL_FUNCTION(twice, int, (int, number));

static struct twice_args rows[1] = {{4}};

/* ---- The calls ---- */

#define ONE POOL_IN(numbers, 1)

static int map(pool_t *pool)
{
    return pool_map(pool, copy, ONE, POOL_OUT(results));
}

static int map_with(pool_t *pool)
{
    return pool_map_with(pool, copy, ONE, POOL_OUT(results), NULL);
}

static int map_nothing(pool_t *pool)
{
    return pool_map(pool, copy, POOL_IN(numbers, 0), POOL_NONE);
}

static int starmap(pool_t *pool)
{
    return pool_starmap(pool, &twice_function, rows, 1, results);
}

static int map_callable(pool_t *pool)
{
    return pool_map_callable(pool, &twice_function, POOL_IN(rows, 1), POOL_OUT(results));
}

static int fold(pool_t *pool)
{
    return pool_fold(pool, add, merge, ONE, POOL_OUT(sums), NULL);
}

static int apply(pool_t *pool)
{
    return pool_apply(pool, copy, ONE, POOL_OUT(results));
}

static int broadcast(pool_t *pool)
{
    return pool_broadcast(pool, copy, ONE, POOL_OUT(results));
}

static int map_async(pool_t *pool)
{
    return pool_map_async(pool, copy, ONE, POOL_OUT(results), NULL, NULL);
}

static int starmap_async(pool_t *pool)
{
    return pool_starmap_async(pool, &twice_function, rows, 1, results, NULL, NULL);
}

static int fold_async(pool_t *pool)
{
    return pool_fold_async(pool, add, merge, ONE, POOL_OUT(sums), NULL, NULL);
}

static int apply_async(pool_t *pool)
{
    return pool_apply_async(pool, copy, ONE, POOL_OUT(results), NULL, NULL);
}

static int broadcast_async(pool_t *pool)
{
    return pool_broadcast_async(pool, copy, ONE, POOL_OUT(results), NULL, NULL);
}

static int imap(pool_t *pool)
{
    pool_source_t source = {.in = ONE};
    pool_iterator_t *iterator = NULL;
    int error = pool_imap(pool, copy, &source, POOL_RESULT(int), NULL, &iterator);
    pool_iterator_free(iterator);
    return error;
}

static int imap_unordered(pool_t *pool)
{
    pool_source_t source = {.in = ONE};
    pool_iterator_t *iterator = NULL;
    int error = pool_imap_unordered(pool, copy, &source, POOL_RESULT(int), NULL, &iterator);
    pool_iterator_free(iterator);
    return error;
}

static int shrink(pool_t *pool)
{
    return pool_resize(pool, 1);
}

static int pids(pool_t *pool)
{
    pid_t pid;
    return pool_pids(pool, &pid, 1);
}

static int detach(pool_t *pool)
{
    return pool_attach(pool, NULL);
}

/* ---- What they say ---- */

/* Without a pool all say POOL_ENOPOOL; in another process, or what counts as one, POOL_EFORKED. */
static const struct row {
    const char *name;
    int (*call)(pool_t *pool);
    int closed, terminated, in_callback;
} table[] = {
    {"map", map, POOL_ECLOSED, POOL_ECLOSED, POOL_EBUSY},
    {"map_with", map_with, POOL_ECLOSED, POOL_ECLOSED, POOL_EBUSY},
    {"map of nothing", map_nothing, POOL_ECLOSED, POOL_ECLOSED, POOL_EBUSY},
    {"starmap", starmap, POOL_ECLOSED, POOL_ECLOSED, POOL_EBUSY},
    {"map_callable", map_callable, POOL_ECLOSED, POOL_ECLOSED, POOL_EBUSY},
    {"fold", fold, POOL_ECLOSED, POOL_ECLOSED, POOL_EBUSY},
    {"apply", apply, POOL_ECLOSED, POOL_ECLOSED, POOL_EBUSY},
    {"broadcast", broadcast, POOL_ECLOSED, POOL_ECLOSED, POOL_EBUSY},
    {"map_async", map_async, POOL_ECLOSED, POOL_ECLOSED, 0},
    {"starmap_async", starmap_async, POOL_ECLOSED, POOL_ECLOSED, 0},
    {"fold_async", fold_async, POOL_ECLOSED, POOL_ECLOSED, 0},
    {"apply_async", apply_async, POOL_ECLOSED, POOL_ECLOSED, 0},
    {"broadcast_async", broadcast_async, POOL_ECLOSED, POOL_ECLOSED, 0},
    {"imap", imap, POOL_ECLOSED, POOL_ECLOSED, 0},
    {"imap_unordered", imap_unordered, POOL_ECLOSED, POOL_ECLOSED, 0},
    {"resize", shrink, POOL_ECLOSED, POOL_ECLOSED, 0},
    {"pids", pids, GOOD, GOOD, GOOD},
    {"step", pool_step, 0, 0, POOL_EBUSY},
    {"fileno", pool_fileno, GOOD, GOOD, GOOD},
    {"attach", detach, 0, 0, 0},
    {"terminate", pool_terminate, 0, 0, POOL_EBUSY},
    {"join", pool_join, 0, 0, POOL_EBUSY},
    {"close", pool_close, 0, 0, 0},
};

enum { ROWS = sizeof table / sizeof table[0] };

static bool is_as(int code, int expected)
{
    return expected == GOOD ? code >= 0 : code == expected;
}

static void check(const struct row *row, const char *state, int code, int expected)
{
    if (!is_as(code, expected))
        fail_msg("%s, %s: %s (%d)", row->name, state, pool_error_name(code), code);
}

static pool_t *make(bool serial)
{
    pool_options_t options = {.processes = 2, .serial = serial};
    return world_pool_with(&options);
}

static void without_a_pool(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++)
        check(&table[i], "no pool", table[i].call(NULL), POOL_ENOPOOL);
}

static void of_a_closed_pool(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * ROWS; i++) {
        pool_t *pool = make(i >= ROWS);
        assert_int_equal(pool_close(pool), 0);
        check(&table[i % ROWS], "closed", table[i % ROWS].call(pool), table[i % ROWS].closed);
        world_free(pool);
    }
}

static void of_a_pool_that_was_terminated(void **state)
{
    (void)state;
    for (int serial = 0; serial < 2; serial++) {
        pool_t *pool = make(serial);
        assert_int_equal(pool_terminate(pool), 0);
        for (size_t i = 0; i < ROWS; i++)
            check(&table[i], "terminated", table[i].call(pool), table[i].terminated);
        world_free(pool);
    }
}

/* ---- Elsewhere ---- */

static void call_all(void *pool)
{
    for (size_t i = 0; i < ROWS; i++)
        if (table[i].call(pool) != POOL_EFORKED)
            subhost_fail(__FILE__, __LINE__, table[i].name);
    pool_free(pool);
}

static void in_a_copy_of_the_host(void **state)
{
    (void)state;
    world_expect_orphans();
    for (int serial = 0; serial < 2; serial++) {
        pool_t *pool = make(serial);
        assert_int_equal(subhost_wait(subhost_start(call_all, pool)), 0);
        assert_int_equal(map(pool), 0);
        world_free(pool);
    }
}

/* The number, from 1, of the first call that is allowed in a function; 0: none is. */
static int call_in_function(const void *item, void *result, pool_task_t *task)
{
    pool_t *pool = *(pool_t *const *)item;
    (void)task;
    *(int *)result = 0;
    for (int i = ROWS; i > 0; i--)
        if (table[i - 1].call(pool) != POOL_EFORKED)
            *(int *)result = i;
    if (pool_shared_alloc(pool, 1, 1) || pool_replaced(pool))
        *(int *)result = -1;
    return 0;
}

static void in_functions_that_workers_or_serial_pools_run(void **state)
{
    (void)state;
    for (int way = 0; way < 4; way++) {
        pool_t *other = make(way % 2), *runs = make(way / 2); /* whose workers know the other */
        pool_t *both[2] = {runs, other};
        int allowed[2] = {-1, -1};
        assert_int_equal(pool_map(runs, call_in_function, POOL_IN(both, 2), POOL_OUT(allowed)), 0);
        assert_int_equal(allowed[0], 0);
        assert_int_equal(allowed[1], 0);
        assert_int_equal(map(runs), 0);
        assert_int_equal(map(other), 0);
        world_free(runs);
        world_free(other);
    }
}

/* ---- In callbacks ---- */

struct visit {
    pool_t *pool;
    int codes[ROWS];
    int on_future, on_set, freed;
    bool called;
};

static void visit(pool_future_t *future, void *context)
{
    struct visit *visit = context;
    pool_future_t *running = NULL, *set[1];
    for (size_t i = 0; i < ROWS; i++) {
        if (table[i].call == pool_close)
            pool_map_async(visit->pool, copy, ONE, POOL_NONE, NULL, &running);
        visit->codes[i] = table[i].call(visit->pool);
    }
    set[0] = running;
    visit->on_future = pool_future_wait(running, -1);
    visit->on_set = pool_wait(set, 1, POOL_WAIT_ALL, -1);
    pool_future_free(running);
    pool_future_free(future);
    pool_free(visit->pool); /* nothing happens */
    visit->called = true;
}

static void in_a_callback(void **state)
{
    (void)state;
    for (int serial = 0; serial < 2; serial++) {
        struct visit visited = {.pool = make(serial)};
        pool_map_options_t options = {.callback = visit, .context = &visited};
        assert_int_equal(pool_map_with(visited.pool, copy, ONE, POOL_NONE, &options), 0);
        assert_true(visited.called);
        for (size_t i = 0; i < ROWS; i++)
            check(&table[i], "in a callback", visited.codes[i], table[i].in_callback);
        assert_int_equal(visited.on_future, POOL_EBUSY);
        assert_int_equal(visited.on_set, POOL_EBUSY);
        assert_int_equal(pool_join(visited.pool), 0);
        world_free(visited.pool);
    }
}

/* ---- Futures ---- */

static void futures_of_two_pools_make_no_set(void **state)
{
    pool_future_t *futures[3] = {NULL}, *ready = NULL;
    pool_t *pools[2] = {make(false), make(true)};
    (void)state;
    for (int i = 0; i < 2; i++)
        assert_int_equal(pool_map_async(pools[i], copy, ONE, POOL_NONE, NULL, &futures[2 * i]), 0);
    assert_int_equal(pool_wait(futures, 3, POOL_WAIT_ALL, -1), -EINVAL);
    assert_int_equal(pool_wait(futures, 3, POOL_WAIT_ANY, 0), -EINVAL);
    assert_int_equal(pool_as_completed(futures, 3, -1, &ready), -EINVAL);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pool_wait(&futures[2 * i], 1, POOL_WAIT_ALL, -1), 1);
        pool_future_free(futures[2 * i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(without_a_pool),
        WORLD_TEST(of_a_closed_pool),
        WORLD_TEST(of_a_pool_that_was_terminated),
        WORLD_TEST(in_a_copy_of_the_host),
        WORLD_TEST(in_functions_that_workers_or_serial_pools_run),
        WORLD_TEST(in_a_callback),
        WORLD_TEST(futures_of_two_pools_make_no_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
