/* Runs in the test program. */
#include "support/outcome.h"

#include <stdlib.h>
#include <string.h>

#include "support/count.h"
#include "support/deadline.h"
#include "support/work.h"

int outcome_sequential(pool_function_t function, pool_in_t in, pool_out_t out)
{
    int failed = 0;
    void *result = out.size ? malloc(out.size) : NULL;
    for (size_t i = 0; i < in.count; i++) {
        if (result)
            memset(result, 0, out.size);
        if (function((const char *)in.data + i * in.size, result, NULL) != 0)
            failed++;
        else if (result)
            memcpy((char *)out.data + i * out.size, result, out.size);
    }
    free(result);
    return failed;
}

const pool_error_t *outcome_of(const pool_t *pool, size_t index)
{
    const pool_error_t *errors = NULL;
    size_t count = pool_errors(pool, &errors);
    for (size_t i = 0; i < count; i++)
        if (errors[i].index == index)
            return &errors[i];
    return NULL;
}

static const char *kind_name(pool_error_kind_t kind)
{
    static const char *const names[] = {
        [POOL_FAILED] = "FAILED",       [POOL_CRASHED] = "CRASHED", [POOL_EXITED] = "EXITED",
        [POOL_LOST] = "LOST",           [POOL_CORRUPT] = "CORRUPT", [POOL_TIMED_OUT] = "TIMED_OUT",
        [POOL_CANCELLED] = "CANCELLED",
    };
    return (size_t)kind < COUNT(names) && names[kind] ? names[kind] : "unknown";
}

void outcome_is(const pool_t *pool, size_t index, pool_error_kind_t kind, int code)
{
    const pool_error_t *error = outcome_of(pool, index);
    if (!error)
        fail_msg("item %zu has no error, should be %s %d", index, kind_name(kind), code);
    else if (error->kind != kind || error->code != code)
        fail_msg("item %zu: %s %d (%s), should be %s %d", index, kind_name(error->kind),
                 error->code, error->message, kind_name(kind), code);
}

void outcome_errors_in_order(const pool_t *pool, size_t count, size_t failed)
{
    const pool_error_t *errors = NULL;
    assert_int_equal(pool_errors(pool, &errors), failed);
    for (size_t i = 0; i < failed; i++) {
        assert_true(errors[i].index < count);
        assert_non_null(errors[i].message);
        if (i > 0)
            assert_true(errors[i - 1].index < errors[i].index);
    }
}

void outcome_pool_works(pool_t *pool)
{
    enum { COUNT = 100 };
    int items[COUNT], results[COUNT];
    for (int i = 0; i < COUNT; i++)
        items[i] = i;
    assert_int_equal(pool_map(pool, work_triple, POOL_IN(items, COUNT), POOL_OUT(results)), 0);
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(results[i], 3 * i);
    assert_int_equal(pool_errors(pool, NULL), 0);
}

struct replacements {
    pool_t *pool;
    size_t count;
};

static bool enough_replaced(void *argument)
{
    const struct replacements *wanted = argument;
    return pool_replaced(wanted->pool) >= wanted->count;
}

bool outcome_replaced(pool_t *pool, size_t count)
{
    struct replacements wanted = {pool, count};
    return deadline_met(5000, enough_replaced, &wanted) && pool_replaced(pool) == count;
}

/* ---- One item among others ---- */

enum { AMONG = 100, UNTOUCHED = -77 };

struct deed {
    pool_function_t act; /* NULL: work_triple() */
    int value;
};

static int act_or_triple(const void *item, void *result, pool_task_t *task)
{
    const struct deed *deed = item;
    return deed->act ? deed->act(item, result, task) : work_triple(&deed->value, result, task);
}

static int map_with_act_at(pool_t *pool, pool_function_t act, size_t place, size_t chunksize)
{
    struct deed deeds[AMONG];
    int results[AMONG];
    pool_map_options_t options = {.chunksize = chunksize};
    memset(deeds, 0, sizeof deeds);
    for (int i = 0; i < AMONG; i++) {
        deeds[i].value = i;
        results[i] = UNTOUCHED;
    }
    deeds[place].act = act;
    int failed =
        pool_map_with(pool, act_or_triple, POOL_IN(deeds, AMONG), POOL_OUT(results), &options);
    for (int i = 0; i < AMONG && failed >= 0; i++)
        if (i != (int)place)
            assert_int_equal(results[i], 3 * i);
    if (failed > 0)
        assert_int_equal(results[place], UNTOUCHED);
    return failed;
}

static const struct {
    size_t place, chunksize;
} cases[] = {{0, 0}, {AMONG / 2, 1}, {0, AMONG}, {AMONG / 2, AMONG}, {AMONG - 1, AMONG}};

void outcome_costs_one(pool_t *pool, pool_function_t act, pool_error_kind_t kind, int code)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(map_with_act_at(pool, act, cases[i].place, cases[i].chunksize), 1);
        outcome_errors_in_order(pool, AMONG, 1);
        outcome_is(pool, cases[i].place, kind, code);
    }
    outcome_pool_works(pool);
}

void outcome_costs_none(pool_t *pool, pool_function_t act)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(map_with_act_at(pool, act, cases[i].place, cases[i].chunksize), 0);
        assert_int_equal(pool_errors(pool, NULL), 0);
    }
    outcome_pool_works(pool);
}
