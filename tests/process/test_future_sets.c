/* Waiting for several futures: until all, one, or the first that failed; and one after the other. */
#include <errno.h>
#include <string.h>

#include "support/deadline.h"
#include "support/gate.h"
#include "support/outcome.h"
#include "support/world.h"

enum { CALLS = 5, LONG = 20000 };

static struct gate **gates;

/* Waits at the gate with the item's number; items from 100 on fail behind that of number - 100. */
static int pass_gate(const void *item, void *result, pool_task_t *task)
{
    int value = *(const int *)item;
    (void)task;
    if (!gate_pass(gates[value % 100]))
        return 1;
    *(int *)result = 3 * value;
    return value < 100 ? 0 : value;
}

static int results[CALLS];

/* A call of one item for each of the gates, which are closed; `failing` ones fail. */
static pool_t *start_all(pool_future_t **futures, unsigned failing)
{
    static int items[CALLS];
    gates = world_alloc(CALLS, sizeof *gates);
    for (int i = 0; i < CALLS; i++)
        gates[i] = gate_make();
    pool_t *pool = world_pool(CALLS);
    for (int i = 0; i < CALLS; i++) {
        items[i] = failing & 1u << i ? 100 + i : i;
        assert_int_equal(pool_apply_async(pool, pass_gate, POOL_IN(&items[i], 1),
                                          POOL_OUT(&results[i]), NULL, &futures[i]),
                         0);
    }
    return pool;
}

static void open_gate(size_t gate)
{
    gate_open(gates[gate]);
}

static void free_all(pool_future_t **futures)
{
    for (size_t i = 0; i < CALLS; i++)
        open_gate(i);
    for (int i = 0; i < CALLS; i++) {
        pool_future_wait(futures[i], -1);
        pool_future_free(futures[i]);
    }
}

static void all_means_all(void **state)
{
    pool_future_t *futures[CALLS];
    (void)state;
    start_all(futures, 4);
    for (size_t i = 0; i < CALLS; i++) {
        assert_int_equal(pool_wait(futures, CALLS, POOL_WAIT_ALL, 0), -ETIMEDOUT);
        open_gate(i);
    }
    assert_int_equal(pool_wait(futures, CALLS, POOL_WAIT_ALL, -1), CALLS);
    assert_int_equal(pool_wait(futures, CALLS, POOL_WAIT_ALL, 0), CALLS);
    for (int i = 0; i < CALLS; i++)
        assert_true(pool_future_ready(futures[i]));
    free_all(futures);
}

static void any_means_one(void **state)
{
    pool_future_t *futures[CALLS];
    (void)state;
    start_all(futures, 0);
    assert_int_equal(pool_wait(futures, CALLS, POOL_WAIT_ANY, 0), -ETIMEDOUT);
    int64_t began = deadline_now();
    assert_int_equal(pool_wait(futures, CALLS, POOL_WAIT_ANY, 150), -ETIMEDOUT);
    assert_true(deadline_now() - began >= 149);
    open_gate(3);
    assert_int_equal(pool_wait(futures, CALLS, POOL_WAIT_ANY, -1), 1);
    assert_true(pool_future_ready(futures[3]));
    open_gate(0);
    assert_int_equal(pool_future_wait(futures[0], -1), 0);
    assert_int_equal(pool_wait(futures, CALLS, POOL_WAIT_ANY, 0), 2);
    free_all(futures);
}

static void the_first_error_ends_the_wait_for_it(void **state)
{
    pool_future_t *futures[CALLS];
    (void)state;
    start_all(futures, 1u << 2 | 1u << 4);
    open_gate(0);
    assert_int_equal(pool_future_wait(futures[0], -1), 0);
    assert_int_equal(pool_wait(futures, CALLS, POOL_WAIT_FIRST_ERROR, 100), -ETIMEDOUT);
    open_gate(2);
    assert_int_equal(pool_wait(futures, CALLS, POOL_WAIT_FIRST_ERROR, -1), 2);
    assert_int_equal(pool_wait(futures, CALLS, POOL_WAIT_FIRST_ERROR, 0),
                     2); /* and already there */
    assert_int_equal(pool_future_get(futures[2], 0), 1);
    free_all(futures);
    start_all(futures, 0); /* without an error: until all are ready */
    for (size_t i = 0; i < CALLS; i++) {
        assert_int_equal(pool_wait(futures, CALLS, POOL_WAIT_FIRST_ERROR, 10), -ETIMEDOUT);
        open_gate(i);
    }
    assert_int_equal(pool_wait(futures, CALLS, POOL_WAIT_FIRST_ERROR, -1), CALLS);
    free_all(futures);
}

static void when_time_is_up_it_is_known_who_is_ready(void **state)
{
    pool_future_t *futures[CALLS];
    (void)state;
    start_all(futures, 1);
    for (size_t i = 0; i < CALLS; i += 3) {
        open_gate(i);
        assert_int_equal(pool_future_wait(futures[i], -1), 0);
    }
    int64_t began = deadline_now();
    assert_int_equal(pool_wait(futures, CALLS, POOL_WAIT_ALL, 150), -ETIMEDOUT);
    assert_true(deadline_now() - began >= 149 && deadline_kept(began, 700));
    assert_int_equal(pool_wait(futures, CALLS, POOL_WAIT_ANY, 0), 2);
    for (size_t i = 0; i < CALLS; i++)
        assert_int_equal(pool_future_ready(futures[i]), i % 3 == 0);
    free_all(futures);
}

static void nulls_are_skipped_and_doubles_allowed(void **state)
{
    pool_future_t *futures[CALLS], *none[2] = {NULL, NULL};
    (void)state;
    start_all(futures, 0);
    pool_future_t *set[5] = {NULL, futures[1], futures[1], NULL, futures[2]};
    assert_int_equal(pool_wait(set, 5, POOL_WAIT_ANY, 0), -ETIMEDOUT);
    open_gate(1);
    assert_int_equal(pool_wait(set, 5, POOL_WAIT_ANY, -1), 2);
    open_gate(2);
    assert_int_equal(pool_wait(set, 5, POOL_WAIT_ALL, -1), 3);
    assert_int_equal(pool_wait(none, 2, POOL_WAIT_ALL, -1), 0);
    assert_int_equal(pool_wait(NULL, 0, POOL_WAIT_ANY, -1), 0);
    free_all(futures);
}

static void bad_sets_are_refused(void **state)
{
    pool_future_t *futures[CALLS], *others[CALLS], *ready = NULL;
    (void)state;
    start_all(futures, 0);
    struct gate **first = gates;
    start_all(others, 0);
    pool_future_t *mixed[2] = {futures[0], others[0]};
    assert_int_equal(pool_wait(mixed, 2, POOL_WAIT_ALL, 0), -EINVAL);
    assert_int_equal(pool_wait(NULL, 1, POOL_WAIT_ALL, 0), -EINVAL);
    assert_int_equal(pool_wait(futures, CALLS, (pool_wait_mode_t)0, 0), -EINVAL);
    assert_int_equal(pool_wait(futures, CALLS, (pool_wait_mode_t)4, 0), -EINVAL);
    assert_int_equal(pool_as_completed(NULL, 1, 0, &ready), -EINVAL);
    assert_int_equal(pool_as_completed(futures, CALLS, 0, NULL), -EINVAL);
    assert_int_equal(pool_as_completed(mixed, 2, 0, &ready), -EINVAL);
    assert_null(ready);
    free_all(others);
    gates = first;
    free_all(futures);
}

/* ---- One after the other ---- */

static void futures_come_as_they_complete(void **state)
{
    static const size_t sequence[CALLS] = {3, 0, 4, 1, 2};
    pool_future_t *futures[CALLS], *set[CALLS], *ready;
    (void)state;
    start_all(futures, 1);
    memcpy(set, futures, sizeof set);
    for (size_t i = 0; i < CALLS; i++) {
        ready = NULL;
        assert_int_equal(pool_as_completed(set, CALLS, 0, &ready), -ETIMEDOUT);
        assert_null(ready);
        open_gate(sequence[i]);
        assert_int_equal(pool_as_completed(set, CALLS, -1, &ready), sequence[i]);
        assert_ptr_equal(ready, futures[sequence[i]]);
        assert_null(set[sequence[i]]);
        assert_int_equal(pool_future_get(ready, 0), sequence[i] == 0);
    }
    assert_int_equal(pool_as_completed(set, CALLS, -1, &ready), -ENOENT);
    free_all(futures);
}

/* Those that are ready come without waiting; the others stay in the set. */
static void in_no_time_come_those_that_are_ready(void **state)
{
    pool_future_t *futures[CALLS], *ready = NULL;
    (void)state;
    start_all(futures, 0);
    for (size_t i = 1; i < 4; i += 2) {
        open_gate(i);
        assert_int_equal(pool_future_wait(futures[i], -1), 0);
    }
    pool_future_t *set[CALLS + 1];
    memcpy(set, futures, sizeof futures);
    set[CALLS] = futures[3];
    assert_int_equal(pool_as_completed(set, CALLS + 1, 0, &ready), 1);
    assert_ptr_equal(ready, futures[1]);
    assert_int_equal(pool_as_completed(set, CALLS + 1, 0, &ready), 3);
    assert_ptr_equal(ready, futures[3]);
    assert_int_equal(pool_as_completed(set, CALLS + 1, 0, &ready), -ETIMEDOUT);
    int64_t began = deadline_now();
    assert_int_equal(pool_as_completed(set, CALLS + 1, 150, &ready), -ETIMEDOUT);
    assert_true(deadline_now() - began >= 149 && deadline_kept(began, 700));
    for (size_t i = 0; i <= CALLS; i++)
        assert_ptr_equal(set[i], i % 2 == 0 && i < CALLS ? futures[i] : NULL);
    free_all(futures);
}

static void a_double_completes_once(void **state)
{
    pool_future_t *futures[CALLS], *ready = NULL;
    (void)state;
    start_all(futures, 0);
    pool_future_t *set[4] = {futures[1], NULL, futures[0], futures[1]};
    open_gate(1);
    assert_int_equal(pool_as_completed(set, 4, -1, &ready), 0);
    assert_ptr_equal(ready, futures[1]);
    assert_int_equal(pool_as_completed(set, 4, 0, &ready), -ETIMEDOUT);
    open_gate(0);
    assert_int_equal(pool_as_completed(set, 4, -1, &ready), 2);
    assert_int_equal(pool_as_completed(set, 4, 0, &ready), -ENOENT);
    free_all(futures);
}

/* A place whose future was freed may be given another one, which is seen at the next call. */
static void a_place_may_get_another_future(void **state)
{
    pool_future_t *futures[CALLS], *set[2], *ready;
    (void)state;
    start_all(futures, 0);
    memcpy(set, futures, sizeof set);
    assert_int_equal(pool_as_completed(set, 2, 0, &ready), -ETIMEDOUT);
    open_gate(0);
    assert_int_equal(pool_future_wait(futures[0], -1), 0);
    open_gate(2);
    assert_int_equal(pool_future_wait(futures[2], -1), 0);
    set[0] = futures[2];
    assert_int_equal(pool_as_completed(set, 2, LONG, &ready), 0);
    assert_ptr_equal(ready, futures[2]);
    open_gate(1);
    assert_int_equal(pool_as_completed(set, 2, -1, &ready), 1);
    free_all(futures);
}

static void a_freed_future_in_an_array_is_refused(void **state)
{
    pool_future_t *futures[CALLS], *set[1], *ready;
    (void)state;
    start_all(futures, 0);
    set[0] = futures[0];
    assert_int_equal(pool_as_completed(set, 1, 0, &ready), -ETIMEDOUT);
    pool_future_free(futures[0]);
    open_gate(0);
    assert_int_equal(pool_as_completed(set, 1, LONG, &ready), -EINVAL);
    futures[0] = NULL;
    free_all(futures);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(all_means_all),
        WORLD_TEST(any_means_one),
        WORLD_TEST(the_first_error_ends_the_wait_for_it),
        WORLD_TEST(when_time_is_up_it_is_known_who_is_ready),
        WORLD_TEST(nulls_are_skipped_and_doubles_allowed),
        WORLD_TEST(bad_sets_are_refused),
        WORLD_TEST(futures_come_as_they_complete),
        WORLD_TEST(in_no_time_come_those_that_are_ready),
        WORLD_TEST(a_double_completes_once),
        WORLD_TEST(a_place_may_get_another_future),
        WORLD_TEST(a_freed_future_in_an_array_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
