/* Every call on a pool, in every state and place in which that could be: it says so, and does not wait. */
#include <errno.h>
#include <stdlib.h>

#include "support/ledger.h"
#include "support/outcome.h"
#include "support/subhost.h"
#include "support/work.h"
#include "support/world.h"

enum { WORKERS = 2 };

static int numbers[1] = {1}, results[16];
static double sums[1];
static struct ledger *runs;

static int copy(const void *item, void *result, pool_task_t *task)
{
    (void)task;
    ledger_mark(runs, 0);
    if (result)
        *(int *)result = *(const int *)item;
    return 0;
}

static int add(const void *item, void *result, pool_task_t *task)
{
    (void)task;
    ledger_mark(runs, 0);
    *(double *)result += *(const int *)item;
    return 0;
}

static int twice(int number)
{
    ledger_mark(runs, 0);
    return 2 * number;
}
POOL_FUNCTION(twice, int, (int, number));

static struct twice_args rows[1] = {{4}};

/* ---- The calls ---- */

/* What calls of the table return beside the codes of the library. */
enum {
    IS_NULL = -9000, /* the call returned NULL */
    WROTE            /* the call was refused and wrote to what it was given, or the reverse */
};

/* What the calls below are given. */
#define ONE POOL_IN(numbers, 1)
#define OUT POOL_OUT(results)
#define SUM POOL_OUT(sums)
#define INT POOL_RESULT(int)
static const pool_source_t source = {
    .in = {.data = numbers, .count = 1, .size = sizeof numbers[0], .type = &pool_type_plain}};
static pool_future_t *future;
static pool_iterator_t *iterator;

/* Frees the future, or the iterator, of a call that returned this code. */
static int freed(int code)
{
    bool made = future || iterator;
    pool_future_free(future);
    pool_iterator_free(iterator);
    future = NULL;
    iterator = NULL;
    return made == (code == 0) ? code : WROTE;
}

static int pids(pool_t *pool)
{
    pid_t pid = -7;
    int code = pool_pids(pool, &pid, 1);
    return (pid == -7) == (code < 0) ? code : WROTE;
}

#define CALL(name, expression)                                                                     \
    static int name(pool_t *pool)                                                                  \
    {                                                                                              \
        return expression;                                                                         \
    }

CALL(map, pool_map(pool, copy, ONE, OUT))
CALL(map_with, pool_map_with(pool, copy, ONE, OUT, NULL))
CALL(map_nothing, pool_map(pool, copy, POOL_IN(numbers, 0), POOL_NONE))
CALL(starmap, pool_starmap(pool, &twice_function, rows, 1, results))
CALL(map_callable, pool_map_callable(pool, &twice_function, POOL_IN(rows, 1), OUT))
CALL(fold, pool_fold(pool, add, work_merge_double, ONE, SUM, NULL))
CALL(apply, pool_apply(pool, copy, ONE, OUT))
CALL(broadcast, pool_broadcast(pool, copy, ONE, OUT))
CALL(map_async, pool_map_async(pool, copy, ONE, OUT, NULL, NULL))
CALL(starmap_async, pool_starmap_async(pool, &twice_function, rows, 1, results, NULL, NULL))
CALL(fold_async, pool_fold_async(pool, add, work_merge_double, ONE, SUM, NULL, NULL))
CALL(apply_async, pool_apply_async(pool, copy, ONE, OUT, NULL, NULL))
CALL(broadcast_async, pool_broadcast_async(pool, copy, ONE, OUT, NULL, NULL))
CALL(map_future, freed(pool_map_async(pool, copy, ONE, OUT, NULL, &future)))
CALL(starmap_future,
     freed(pool_starmap_async(pool, &twice_function, rows, 1, results, NULL, &future)))
CALL(imap, freed(pool_imap(pool, copy, &source, INT, NULL, &iterator)))
CALL(imap_unordered, freed(pool_imap_unordered(pool, copy, &source, INT, NULL, &iterator)))
CALL(replaced, (int)pool_replaced(pool))
CALL(errors, (int)pool_errors(pool, NULL))
CALL(shared_alloc, pool_shared_alloc(pool, 1, 1) ? 0 : IS_NULL)
CALL(shrink, pool_resize(pool, 1))
CALL(processes, pool_processes(pool))
CALL(detach, pool_attach(pool, NULL))

/* ---- What they say ---- */

enum state { OF_NONE, OF_OPEN, OF_CLOSED, OF_TERMINATED, IN_CALLBACK, ELSEWHERE, STATES };

static const char *const state_names[STATES] = {
    "no pool", "open", "closed", "terminated", "in a callback", "in another process, or as if"};

enum {
    NO_POOL = POOL_ENOPOOL,
    CLOSED = POOL_ECLOSED,
    BUSY = POOL_EBUSY,
    FORKED = POOL_EFORKED,
    COUNT = 9000, /* the number of workers */
    SOME          /* any number from 0 */
};

/* In the order of the calls: the last ones end the pool. */
static const struct row {
    const char *name;
    int (*call)(pool_t *pool);
    int codes[STATES];
} table[] = {
    /* no pool, open, closed, terminated, in a callback, elsewhere */
    {"map", map, {NO_POOL, 0, CLOSED, CLOSED, BUSY, FORKED}},
    {"map_with", map_with, {NO_POOL, 0, CLOSED, CLOSED, BUSY, FORKED}},
    {"map of nothing", map_nothing, {NO_POOL, 0, CLOSED, CLOSED, BUSY, FORKED}},
    {"starmap", starmap, {NO_POOL, 0, CLOSED, CLOSED, BUSY, FORKED}},
    {"map_callable", map_callable, {NO_POOL, 0, CLOSED, CLOSED, BUSY, FORKED}},
    {"fold", fold, {NO_POOL, 0, CLOSED, CLOSED, BUSY, FORKED}},
    {"apply", apply, {NO_POOL, 0, CLOSED, CLOSED, BUSY, FORKED}},
    {"broadcast", broadcast, {NO_POOL, 0, CLOSED, CLOSED, BUSY, FORKED}},
    {"map_async", map_async, {NO_POOL, 0, CLOSED, CLOSED, 0, FORKED}},
    {"starmap_async", starmap_async, {NO_POOL, 0, CLOSED, CLOSED, 0, FORKED}},
    {"fold_async", fold_async, {NO_POOL, 0, CLOSED, CLOSED, 0, FORKED}},
    {"apply_async", apply_async, {NO_POOL, 0, CLOSED, CLOSED, 0, FORKED}},
    {"broadcast_async", broadcast_async, {NO_POOL, 0, CLOSED, CLOSED, 0, FORKED}},
    {"map_async with a future", map_future, {NO_POOL, 0, CLOSED, CLOSED, 0, FORKED}},
    {"starmap_async with a future", starmap_future, {NO_POOL, 0, CLOSED, CLOSED, 0, FORKED}},
    {"imap", imap, {NO_POOL, 0, CLOSED, CLOSED, 0, FORKED}},
    {"imap_unordered", imap_unordered, {NO_POOL, 0, CLOSED, CLOSED, 0, FORKED}},
    {"processes", processes, {NO_POOL, COUNT, COUNT, COUNT, COUNT, COUNT}},
    {"pids", pids, {NO_POOL, COUNT, COUNT, COUNT, COUNT, FORKED}},
    {"replaced", replaced, {0, 0, 0, 0, 0, 0}},
    {"errors", errors, {0, 0, 0, 0, 0, 0}},
    {"shared_alloc", shared_alloc, {IS_NULL, 0, 0, 0, 0, IS_NULL}},
    {"resize", shrink, {NO_POOL, 0, CLOSED, CLOSED, 0, FORKED}},
    {"step", pool_step, {NO_POOL, 0, 0, 0, BUSY, FORKED}},
    {"fileno", pool_fileno, {NO_POOL, SOME, SOME, SOME, SOME, FORKED}},
    {"attach", detach, {NO_POOL, 0, 0, 0, 0, FORKED}},
    {"terminate", pool_terminate, {NO_POOL, 0, 0, 0, BUSY, FORKED}},
    {"join", pool_join, {NO_POOL, BUSY, 0, 0, BUSY, FORKED}},
    {"close", pool_close, {NO_POOL, 0, 0, 0, 0, FORKED}},
};

enum { ROWS = sizeof table / sizeof table[0] };

struct codes {
    int of[ROWS];
};

/* What the call returns. In any process. */
static int make_call(const struct row *row, pool_t *pool)
{
    results[0] = 77;
    sums[0] = 77;
    int code = row->call(pool);
    return code >= 0 || (results[0] == 77 && sums[0] == 77) ? code : WROTE;
}

static struct codes make_all(pool_t *pool)
{
    struct codes codes;
    for (size_t i = 0; i < ROWS; i++)
        codes.of[i] = make_call(&table[i], pool);
    return codes;
}

static void check(enum state state, bool serial, const struct codes *codes)
{
    for (size_t i = 0; i < ROWS; i++) {
        int code = codes->of[i], expected = table[i].codes[state];
        if (expected == COUNT)
            expected = serial ? 1 : WORKERS;
        if (expected == SOME ? code < 0 : code != expected)
            fail_msg("%s, %s, serial %d: %s (%d) instead of %d", table[i].name, state_names[state],
                     serial, pool_error_name(code), code, expected);
    }
}

static pool_t *make(bool serial)
{
    pool_options_t options = {.processes = WORKERS, .serial = serial};
    return world_pool_with(&options);
}

static void without_a_pool(void **state)
{
    (void)state;
    runs = ledger_make(1);
    struct codes codes = make_all(NULL);
    check(OF_NONE, false, &codes);
    pool_shared_free(NULL, numbers);
    pool_print_errors(NULL, stderr);
    pool_free(NULL);
    assert_int_equal(ledger_total(runs), 0);
}

/* Each call has a pool of its own. */
static void check_fresh_pools(enum state state, int (*prepare)(pool_t *pool))
{
    runs = ledger_make(1);
    for (int serial = 0; serial < 2; serial++) {
        struct codes codes;
        for (size_t i = 0; i < ROWS; i++) {
            pool_t *pool = make(serial);
            if (prepare)
                assert_int_equal(prepare(pool), 0);
            codes.of[i] = make_call(&table[i], pool);
            if (prepare)
                assert_int_equal(pool_join(pool), 0);
            world_free(pool);
        }
        check(state, serial, &codes);
    }
}

static void of_an_open_pool(void **state)
{
    (void)state;
    check_fresh_pools(OF_OPEN, NULL);
    assert_true(ledger_total(runs) > 0);
}

static void of_a_closed_pool(void **state)
{
    (void)state;
    check_fresh_pools(OF_CLOSED, pool_close);
    assert_int_equal(ledger_total(runs), 0);
}

static void of_a_pool_that_was_terminated(void **state)
{
    (void)state;
    runs = ledger_make(1);
    for (int serial = 0; serial < 2; serial++) {
        pool_t *pool = make(serial);
        assert_int_equal(pool_terminate(pool), 0);
        struct codes codes = make_all(pool);
        check(OF_TERMINATED, serial, &codes);
        assert_int_equal(ledger_total(runs), 0);
        world_free(pool);
    }
}

/* ---- Elsewhere ---- */

/* What a forked copy of the host does, and what it finds out. */
struct visitor {
    pool_t *pool;
    const struct world *before; /* the pool was made */
    bool frees;
    struct codes codes; /* in shared memory */
};

static void visit_in_copy(void *argument)
{
    struct visitor *visitor = argument;
    visitor->codes = make_all(visitor->pool);
    if (!visitor->frees)
        return;
    pool_free(visitor->pool);
    SUBHOST_CHECK(world_same(visitor->before));
}

static void in_a_copy_of_the_host(void **state)
{
    (void)state;
    world_expect_orphans();
    runs = ledger_make(1);
    struct visitor *visitor = world_shared(sizeof *visitor);
    for (int way = 0; way < 4; way++) {
        struct world *before = world_take();
        *visitor = (struct visitor){.pool = make(way % 2), .before = before, .frees = way / 2};
        pid_t child = subhost_start(visit_in_copy, visitor);
        for (int round = 0; round < 20; round++)
            outcome_pool_works(visitor->pool);
        assert_int_equal(subhost_wait(child), 0);
        check(ELSEWHERE, way % 2, &visitor->codes);
        assert_int_equal(ledger_total(runs), 0);
        assert_int_equal(pool_replaced(visitor->pool), 0);
        outcome_pool_works(visitor->pool);
        world_free(visitor->pool);
        free(before);
    }
}

static int visit_in_function(const void *item, void *result, pool_task_t *task)
{
    (void)task;
    *(struct codes *)result = make_all(*(pool_t *const *)item);
    return 0;
}

static void in_functions_that_workers_or_serial_pools_run(void **state)
{
    enum { VISITS = 10 }; /* of either pool */
    (void)state;
    runs = ledger_make(1);
    for (int way = 0; way < 4; way++) {
        pool_t *other = make(way % 2), *own = make(way / 2); /* whose workers know the other */
        pool_t *pools[2 * VISITS];
        struct codes codes[2 * VISITS];
        for (int i = 0; i < 2 * VISITS; i++)
            pools[i] = i % 2 ? other : own;
        assert_int_equal(pool_map(own, visit_in_function,
                                  POOL_IN_AS(pools, 2 * VISITS, &pool_type_plain), POOL_OUT(codes)),
                         0);
        for (int i = 0; i < 2 * VISITS; i++)
            check(ELSEWHERE, i % 2 ? way % 2 : way / 2, &codes[i]);
        assert_int_equal(ledger_total(runs), 0);
        outcome_pool_works(own);
        outcome_pool_works(other);
        world_free(own);
        world_free(other);
    }
}

/* ---- In callbacks ---- */

struct visit {
    pool_t *pool;
    struct codes codes;
    bool called;
};

static void visit_in_callback(pool_future_t *own, void *context)
{
    struct visit *visit = context;
    visit->codes = make_all(visit->pool);
    pool_future_free(own);
    pool_free(visit->pool); /* nothing happens */
    visit->called = true;
}

static void in_a_callback(void **state)
{
    (void)state;
    runs = ledger_make(1);
    for (int serial = 0; serial < 2; serial++) {
        struct visit visit = {.pool = make(serial)};
        pool_map_options_t options = {.callback = visit_in_callback, .context = &visit};
        assert_int_equal(pool_map_with(visit.pool, copy, ONE, POOL_NONE, &options), 0);
        assert_true(visit.called);
        check(IN_CALLBACK, serial, &visit.codes);
        assert_int_equal(pool_join(visit.pool), 0);
        world_free(visit.pool);
    }
}

/* ---- Futures ---- */

static void futures_of_two_pools_make_no_set(void **state)
{
    pool_future_t *futures[3] = {NULL}, *ready = NULL;
    runs = ledger_make(1);
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
        WORLD_TEST(of_an_open_pool),
        WORLD_TEST(of_a_closed_pool),
        WORLD_TEST(of_a_pool_that_was_terminated),
        WORLD_TEST(in_a_copy_of_the_host),
        WORLD_TEST(in_functions_that_workers_or_serial_pools_run),
        WORLD_TEST(in_a_callback),
        WORLD_TEST(futures_of_two_pools_make_no_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
