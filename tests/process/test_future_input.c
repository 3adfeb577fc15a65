/* Bad input of the asynchronous calls, and every call on futures and iterators that are not there, given
 * back, or of another process: the codes are as the manual says, and nothing is run. Maps are refused in
 * test_input.c, closed pools in test_states.c. */
#include <errno.h>

#include "support/count.h"
#include "support/host.h"
#include "support/outcome.h"
#include "support/runs.h"
#include "support/subhost.h"
#include "support/world.h"

static int items[2] = {1, 2}, results[2];

static int run(const void *item, void *result, pool_task_t *task)
{
    runs_mark();
    (void)task;
    *(int *)result = 3 * *(const int *)item;
    return 0;
}

static void apply_takes_exactly_one_item(void **state)
{
    pool_future_t *future = NULL;
    (void)state;
    pool_t *pool = runs_pool();
    for (size_t count = 0; count < 3; count += 2) {
        pool_in_t in = POOL_IN(items, count);
        assert_int_equal(pool_apply(pool, run, in, POOL_OUT(results)), POOL_EOPTION);
        assert_int_equal(pool_apply_async(pool, run, in, POOL_OUT(results), NULL, &future),
                         POOL_EOPTION);
    }
    assert_null(future);
    assert_int_equal(runs_total(), 0);
}

static void bad_iterations_are_refused(void **state)
{
    const pool_in_t array = POOL_IN(items, 2);
    const pool_out_t result = POOL_RESULT(int);
    const pool_source_t good = {.in = array}, none = {.in = pool_in(NULL, 2, 4, array.type)},
                        flat = {.in = pool_in(items, 2, 0, array.type)},
                        flat_next = {.in = flat.in, .next = host_no_item},
                        untyped = {.in = pool_in(items, 2, 4, NULL)};
    const struct {
        const char *name;
        pool_function_t function;
        const pool_source_t *source;
        pool_out_t result;
        int code;
    } rows[] = {
        {"no function", NULL, &good, result, POOL_ENOFUNCTION},
        {"no source", run, NULL, result, POOL_EOPTION},
        {"no items", run, &none, result, POOL_ENODATA},
        {"items of 0 bytes", run, &flat, result, POOL_EITEMSIZE},
        {"a function that makes items of 0 bytes", run, &flat_next, result, POOL_EITEMSIZE},
        {"items of no type", run, &untyped, result, POOL_ETYPE},
        {"a place for results", run, &good, POOL_OUT(results), POOL_EOPTION},
    };
    (void)state;
    pool_t *pool = runs_pool();
    for (size_t i = 0; i < 2 * COUNT(rows); i++) {
        pool_iterator_t *iterator = NULL;
        int code = (i % 2 ? pool_imap_unordered : pool_imap)(
            pool, rows[i / 2].function, rows[i / 2].source, rows[i / 2].result, NULL, &iterator);
        if (code != rows[i / 2].code || iterator)
            fail_msg("%s, unordered %zu: %s", rows[i / 2].name, i % 2, pool_error_name(code));
    }
    assert_int_equal(pool_imap(pool, run, &good, result, NULL, NULL), POOL_EOPTION);
    assert_int_equal(pool_imap_unordered(pool, run, &good, result, NULL, NULL), POOL_EOPTION);
    assert_int_equal(runs_total(), 0);
    outcome_pool_works(pool);
}

static void a_result_needs_a_place(void **state)
{
    pool_source_t source = {.in = POOL_IN(items, 2)};
    pool_iterator_t *iterator;
    int result;
    (void)state;
    pool_t *pool = runs_pool();
    assert_int_equal(pool_imap(pool, run, &source, POOL_RESULT(int), NULL, &iterator), 0);
    assert_int_equal(pool_next(iterator, NULL, -1), POOL_ENODATA);
    assert_int_equal(pool_next(iterator, &result, -1), 1); /* nothing was skipped */
    assert_int_equal(result, 3);
    pool_iterator_free(iterator);
}

/* ---- All that can be asked of a future or an iterator ---- */

struct held {
    pool_future_t *future;
    pool_iterator_t *iterator;
};

#define CALL(name, expression)                                                                     \
    static int name(const struct held *held)                                                       \
    {                                                                                              \
        return expression;                                                                         \
    }
#define SET &(pool_future_t *){held->future}, 1 /* of this future alone */
static pool_future_t *completed;
static int next_result;

CALL(look, pool_future_wait(held->future, 0))
CALL(await, pool_future_wait(held->future, -1))
CALL(get, pool_future_get(held->future, -1))
CALL(is_ready, pool_future_ready(held->future))
CALL(is_successful, pool_future_successful(held->future))
CALL(count_errors, (int)pool_future_errors(held->future, NULL))
CALL(wait_for_set, pool_wait(SET, POOL_WAIT_ALL, -1))
CALL(as_completed, pool_as_completed(SET, -1, &completed))
CALL(cancel, pool_future_cancel(held->future, 0))
CALL(next, pool_next(held->iterator, &next_result, -1))
CALL(next_index, (int)pool_next_index(held->iterator))
CALL(has_error, pool_next_error(held->iterator) != NULL)

/* NONE: the future and the iterator are NULL. FREED: the future was given back, the iterator is NULL. */
enum state { NONE, FREED, IN_COPY, IN_CALLBACK, STATES };

static const char *const state_names[STATES] = {"NULL", "freed", "in a copy", "in a callback"};

enum { NO_CALL = -EINVAL, FORKED = POOL_EFORKED, BUSY = POOL_EBUSY };

static const struct row {
    const char *name;
    int (*call)(const struct held *held);
    int codes[STATES];
} table[] = {
    /* NULL, freed, in a copy, in a callback */
    {"wait for 0 ms", look, {NO_CALL, NO_CALL, FORKED, BUSY}},
    {"wait", await, {NO_CALL, NO_CALL, FORKED, BUSY}},
    {"get", get, {NO_CALL, NO_CALL, FORKED, BUSY}},
    {"ready", is_ready, {false, false, false, false}},
    {"successful", is_successful, {false, false, false, false}},
    {"errors", count_errors, {0, 0, 0, 0}},
    {"wait for a set", wait_for_set, {0, NO_CALL, FORKED, BUSY}},
    {"as_completed", as_completed, {-ENOENT, NO_CALL, FORKED, BUSY}},
    {"next", next, {NO_CALL, NO_CALL, FORKED, BUSY}},
    {"next_index", next_index, {0, 0, 0, 0}},
    {"next_error", has_error, {false, false, false, false}},
    /* Last: it may take results of the iterator, also in a callback. */
    {"cancel", cancel, {NO_CALL, NO_CALL, FORKED, 0}},
};

enum { ROWS = COUNT(table) };

/* The codes of all calls. In any process. */
struct codes {
    int of[ROWS];
};

static struct codes make_all(const struct held *held)
{
    struct codes codes;
    for (size_t i = 0; i < ROWS; i++)
        codes.of[i] = table[i].call(held);
    return codes;
}

static void check(enum state state, struct codes codes)
{
    for (size_t i = 0; i < ROWS; i++)
        if (codes.of[i] != table[i].codes[state])
            fail_msg("%s, %s: %s (%d) instead of %d", table[i].name, state_names[state],
                     pool_error_name(codes.of[i]), codes.of[i], table[i].codes[state]);
}

static void nothing_to_ask_is_told(void **state)
{
    const struct held nothing = {NULL, NULL};
    (void)state;
    check(NONE, make_all(&nothing));
    pool_future_free(NULL);
    pool_iterator_free(NULL);
}

static void check_freed(pool_future_t *freed)
{
    const struct held held = {freed, NULL};
    check(FREED, make_all(&held));
    pool_future_free(freed);
}

static void a_freed_future_is_told_as_one(void **state)
{
    pool_future_t *ended, *running;
    (void)state;
    pool_t *pool = runs_pool();
    for (int round = 0; round < 3; round++) {
        assert_int_equal(
            pool_map_async(pool, run, POOL_IN(items, 2), POOL_OUT(results), NULL, &ended), 0);
        assert_int_equal(pool_future_get(ended, -1), 0);
        assert_int_equal(
            pool_map_async(pool, run, POOL_IN(items, 2), POOL_OUT(results), NULL, &running), 0);
        pool_future_free(running);
        pool_future_free(ended);
        check_freed(running);
        check_freed(ended);
        outcome_pool_works(pool);
        check_freed(running);
    }
}

struct visit {
    pool_t *pool;
    struct held held;
    struct codes codes;
    bool called;
};

static void start(struct visit *visit)
{
    const pool_source_t source = {.in = POOL_IN(items, 2)};
    pool_out_t out = POOL_OUT(results);
    pool_map_async(visit->pool, run, source.in, out, NULL, &visit->held.future);
    pool_imap(visit->pool, run, &source, POOL_RESULT(int), NULL, &visit->held.iterator);
}

static void end(struct visit *visit)
{
    pool_future_free(visit->held.future);
    pool_iterator_free(visit->held.iterator);
}

static void visit_in_callback(pool_future_t *future, void *context)
{
    struct visit *visit = context;
    (void)future;
    start(visit);
    visit->codes = make_all(&visit->held);
    visit->called = true;
}

static void callbacks_cannot_wait_for_futures(void **state)
{
    (void)state;
    for (int serial = 0; serial < 2; serial++) {
        pool_options_t pool_options = {.processes = 1, .serial = serial};
        runs_start();
        struct visit visit = {.pool = world_pool_with(&pool_options)};
        pool_map_options_t options = {.callback = visit_in_callback, .context = &visit};
        assert_int_equal(
            pool_map_with(visit.pool, run, POOL_IN(items, 2), POOL_OUT(results), &options), 0);
        assert_true(visit.called);
        check(IN_CALLBACK, visit.codes);
        end(&visit);
    }
}

static void visit_in_copy(void *argument)
{
    struct visit *visit = argument;
    visit->codes = make_all(&visit->held);
    visit->called = true;
    end(visit);
}

static void copies_of_the_host_cannot_use_futures(void **state)
{
    int result;
    (void)state;
    struct visit *visit = world_shared(sizeof *visit);
    visit->pool = runs_pool();
    start(visit);
    assert_int_equal(subhost_wait(subhost_start(visit_in_copy, visit)), 0);
    assert_true(visit->called);
    check(IN_COPY, visit->codes);
    assert_int_equal(pool_future_get(visit->held.future, -1), 0);
    assert_int_equal(pool_next(visit->held.iterator, &result, -1), 1);
    assert_int_equal(pool_next(visit->held.iterator, &result, -1), 1);
    assert_int_equal(results[1], 6);
    assert_int_equal(runs_total(), 4);
    end(visit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(apply_takes_exactly_one_item),
        WORLD_TEST(bad_iterations_are_refused),
        WORLD_TEST(nothing_to_ask_is_told),
        WORLD_TEST(a_freed_future_is_told_as_one),
        WORLD_TEST(a_result_needs_a_place),
        WORLD_TEST(callbacks_cannot_wait_for_futures),
        WORLD_TEST(copies_of_the_host_cannot_use_futures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
