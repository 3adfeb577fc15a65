/* How large chunks are, and how many are given out ahead. */
#include "host/job/size.h"
#include "unit/stage.h"

enum { MICROSECOND = 1000, MANY = 1000000 };

/* A measured call of many items that take a microsecond each. */
static struct pool_future measured(struct stage *stage, int ahead)
{
    return (struct pool_future){.pool = &stage->pool,
                                .in = {.count = MANY, .size = 1},
                                .item_nanoseconds = MICROSECOND,
                                .async = true,
                                .options = {.ahead = ahead}};
}

static void a_chunk_takes_as_long_as_what_is_ahead_divided(void **test)
{
    static const struct {
        int ahead;
        uint64_t count; /* 64 chunks take so long, but none less than 100 microseconds */
    } rows[] = {{0, 100}, {1, 100}, {64, 1000}, {640, 10000}};
    struct stage *stage = *test;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct pool_future job = measured(stage, rows[i].ahead);
        assert_int_equal(pool__chunk_count(&stage->pool, &job, false), rows[i].count);
    }
}

static void no_chunk_is_more_than_its_share(void **test)
{
    struct stage *stage = *test;
    struct pool_future job = measured(stage, 1000000);
    assert_int_equal(pool__chunk_count(&stage->pool, &job, false), MANY / (4 * STAGE_WORKERS));
    job.given = MANY - 4 * STAGE_WORKERS;
    assert_int_equal(pool__chunk_count(&stage->pool, &job, false), 1);
}

static void the_first_chunks_hold_all_items_of_a_call_whose_caller_may_be_away(void **test)
{
    struct stage *stage = *test;
    struct pool_future job = measured(stage, 0);
    job.item_nanoseconds = 0;
    uint64_t count = pool__chunk_count(&stage->pool, &job, false);
    assert_int_equal(count, MANY / (64 * STAGE_WORKERS));
    assert_int_equal(pool__chunk_count(&stage->pool, &job, true), 1); /* it overtakes */
    job.async = false;
    assert_int_equal(pool__chunk_count(&stage->pool, &job, false), 1);
}

static void more_chunks_are_ahead_when_the_caller_is_away(void **test)
{
    struct stage *stage = *test;
    struct pool_future job = measured(stage, 0);
    assert_int_equal(pool__chunks_ahead(&job, 2), 2 * 64);
    job.async = false;
    assert_int_equal(pool__chunks_ahead(&job, 2), 2 * 8);
    job.options.ahead = 1;
    assert_int_equal(pool__chunks_ahead(&job, 2), 2 * 64);
}

#define ON_STAGE(test) cmocka_unit_test_setup_teardown(test, stage_setup, stage_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_STAGE(a_chunk_takes_as_long_as_what_is_ahead_divided),
        ON_STAGE(no_chunk_is_more_than_its_share),
        ON_STAGE(the_first_chunks_hold_all_items_of_a_call_whose_caller_may_be_away),
        ON_STAGE(more_chunks_are_ahead_when_the_caller_is_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
