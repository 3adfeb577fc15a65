/* Which chunks overtake which, and when a long chunk is cut, played without processes. */
#include "host/transport/board/express.h"
#include "unit/stage.h"

static int result;

/* A call of one item of this priority. Returns the ring that its chunk got. */
static unsigned submit_small(struct stage *stage, struct pool_future *job, int priority)
{
    *job = (struct pool_future){.function = stage_function,
                                .in = POOL_IN(stage->items, 1),
                                .out = POOL_OUT(&result),
                                .options = {.priority = priority}};
    stage_submit(stage, job);
    assert_int_equal(job->chunks, 1);
    return job->first_chunk->ring;
}

/* Claims and commits a chunk as worker 1, and returns its job. */
static const struct pool_future *run_next(struct stage *stage)
{
    struct part part = stage_take(stage, 1, 1);
    const struct pool_future *job = stage->pool.chunks[part.number].job;
    stage_run(stage, &part, stage->pool.board->orders[part.number].count);
    assert_true(stage_commit(stage, &part));
    pool__collect(&stage->pool);
    pool__tend(&stage->pool);
    return job;
}

static void higher_priorities_are_taken_first(void **test)
{
    struct stage *stage = *test;
    struct pool_future jobs[4];
    assert_int_equal(submit_small(stage, &jobs[0], 5), POOL__COMMON - 1);
    assert_int_equal(submit_small(stage, &jobs[1], 7), POOL__COMMON - 2);
    assert_int_equal(submit_small(stage, &jobs[2], 9), POOL__COMMON - 3);
    assert_int_equal(submit_small(stage, &jobs[3], 11), 0); /* there is no ring before that */
    assert_ptr_equal(run_next(stage), &jobs[2]);
    assert_ptr_equal(run_next(stage), &jobs[3]);
    assert_ptr_equal(run_next(stage), &jobs[1]);
    assert_ptr_equal(run_next(stage), &jobs[0]);
    assert_ptr_equal(run_next(stage), &stage->job);
    stage_finish(stage);
    stage_assert_ended(stage);
}

static void lower_priorities_wait(void **test)
{
    struct stage *stage = *test;
    struct pool_future job;
    assert_int_equal(submit_small(stage, &job, -1), POOL__COMMON);
    for (size_t i = 0; i < STAGE_ITEMS / STAGE_CHUNK; i++)
        assert_ptr_equal(run_next(stage), &stage->job);
    assert_ptr_equal(run_next(stage), &job);
}

/* The rank of a ring is that of the chunks which are outstanding now. */
static void a_call_that_has_ended_leaves_no_rank(void **test)
{
    struct stage *stage = *test;
    struct pool_future urgent, background[3], next;
    stage_finish(stage);
    assert_int_equal(submit_small(stage, &urgent, 10), POOL__COMMON);
    for (size_t i = 0; i < COUNT(background); i++)
        assert_int_equal(submit_small(stage, &background[i], 0), POOL__COMMON);
    assert_ptr_equal(run_next(stage), &urgent);
    assert_int_equal(submit_small(stage, &next, 5), POOL__COMMON - 1);
    assert_ptr_equal(run_next(stage), &next);
    for (size_t i = 0; i < COUNT(background); i++)
        assert_ptr_equal(run_next(stage), &background[i]);
}

static void the_rest_of_a_chunk_keeps_its_place_after_a_death(void **test)
{
    struct stage *stage = *test;
    struct pool_future urgent = {.function = stage_function,
                                 .in = POOL_IN(stage->items, 3),
                                 .out = POOL_OUT(stage->results),
                                 .options = {.priority = 1, .chunksize = 3}};
    stage_submit(stage, &urgent);
    struct part part = stage_take(stage, 1, 1);
    assert_ptr_equal(stage->pool.chunks[part.number].job, &urgent);
    stage_cell(stage, part.number)->progress = 1;
    stage_die(stage, &part, SIGSEGV);
    assert_int_equal(urgent.ended, 1);
    assert_ptr_equal(run_next(stage), &urgent);
    assert_int_equal(urgent.failed, 1);
    assert_true(urgent.done);
    pool__report_clear(&urgent.report);
}

/* Of the same priority one small call overtakes for each chunk of the large one that has ended. */
static void a_small_call_overtakes_when_it_is_its_turn(void **test)
{
    static struct stage stage;
    struct pool_future jobs[4];
    (void)test;
    stage_open(&stage, 2);
    assert_int_equal(submit_small(&stage, &jobs[0], 0), POOL__COMMON);
    assert_ptr_equal(run_next(&stage), &stage.job);
    assert_int_equal(submit_small(&stage, &jobs[1], 0), POOL__COMMON - 1);
    assert_int_equal(submit_small(&stage, &jobs[2], 0), POOL__COMMON);
    assert_ptr_equal(run_next(&stage), &jobs[1]);
    assert_int_equal(submit_small(&stage, &jobs[3], 0), POOL__COMMON); /* none has ended since */
    stage_finish(&stage);
    stage_assert_ended(&stage);
    stage_close(&stage);
}

static void many_small_calls_keep_their_order(void **test)
{
    struct stage *stage = *test;
    struct pool_future jobs[20];
    stage_finish(stage);
    for (size_t i = 0; i < COUNT(jobs); i++) {
        stage->pool.courtesy = STAGE_WORKERS;
        assert_int_equal(submit_small(stage, &jobs[i], 0), POOL__COMMON);
    }
    for (size_t i = 0; i < COUNT(jobs); i++)
        assert_ptr_equal(run_next(stage), &jobs[i]);
}

/* ---- Cutting ---- */

static uint32_t cancelled(const struct stage *stage, const struct part *part)
{
    return atomic_load(&stage->pool.board->orders[part->number].cancelled);
}

/* All workers run a chunk of the large call, whose items take so long. */
static void let_all_run(struct stage *stage, struct part *parts, double nanoseconds)
{
    stage->job.item_nanoseconds = (float)nanoseconds;
    for (int i = 0; i < STAGE_WORKERS; i++) {
        parts[i] = stage_take(stage, i, 1);
        struct pool__slot *slot = pool__slot(stage->pool.board, i, 1);
        slot->wake_state = POOL__AWAKE;
        slot->claimed = parts[i].number;
    }
}

static void as_many_long_chunks_are_cut_as_are_in_the_way(void **test)
{
    static const double times[] = {0, 1e9};
    (void)test;
    for (size_t k = 0; k < COUNT(times); k++) {
        static struct stage stage;
        struct part parts[STAGE_WORKERS];
        struct pool_future job;
        int cut = 0;
        stage_open(&stage, STAGE_CHUNK);
        let_all_run(&stage, parts, times[k]);
        submit_small(&stage, &job, 1);
        for (int i = 0; i < STAGE_WORKERS; i++)
            cut += cancelled(&stage, &parts[i]) == POOL__CUT;
        assert_int_equal(cut, 1);
        assert_int_equal(cancelled(&stage, &parts[0]), POOL__CUT);
        /* It has run 3 items, and commits them. The others follow behind all that is queued. */
        stage_run(&stage, &parts[0], 3);
        assert_true(stage_commit(&stage, &parts[0]));
        pool__collect(&stage.pool);
        assert_int_equal(stage.job.ended, 3);
        assert_int_equal(stage.pool.chunks[parts[0].number].ring, POOL__COMMON);
        assert_int_equal(cancelled(&stage, &parts[0]), POOL__GOES_ON);
        for (int i = 1; i < STAGE_WORKERS; i++) {
            stage_run(&stage, &parts[i], STAGE_CHUNK);
            assert_true(stage_commit(&stage, &parts[i]));
        }
        stage_finish(&stage);
        stage_assert_ended(&stage);
        stage_close(&stage);
    }
}

/* Also when all that the other call has out is running. */
static void a_long_chunk_is_cut_when_nothing_else_is_queued(void **test)
{
    struct stage *stage = *test;
    struct part parts[STAGE_WORKERS], last;
    struct pool_future job;
    int cut = 0;
    last = stage_take(stage, 2, 1); /* the stage's workers hold one chunk each, and this one ends */
    stage_run(stage, &last, STAGE_CHUNK);
    assert_true(stage_commit(stage, &last));
    let_all_run(stage, parts, 1e9);
    assert_int_equal(pool__queued(stage->pool.board), 0);
    assert_int_equal(submit_small(stage, &job, 1), POOL__COMMON - 1);
    for (int i = 0; i < STAGE_WORKERS; i++) {
        cut += cancelled(stage, &parts[i]) == POOL__CUT;
        stage_run(stage, &parts[i], STAGE_CHUNK);
        assert_true(stage_commit(stage, &parts[i]));
    }
    assert_int_equal(cut, 1);
    stage_finish(stage);
    stage_assert_ended(stage);
}

static void a_chunk_that_is_cut_before_its_first_item_goes_on(void **test)
{
    struct stage *stage = *test;
    struct part parts[STAGE_WORKERS];
    struct pool_future job;
    let_all_run(stage, parts, 0);
    submit_small(stage, &job, 1);
    for (int i = 0; i < STAGE_WORKERS; i++) {
        stage_run(stage, &parts[i], i == 0 ? 0 : STAGE_CHUNK);
        assert_true(stage_commit(stage, &parts[i]));
    }
    pool__collect(&stage->pool);
    assert_int_equal(stage->job.failed, 0);
    stage_finish(stage);
    stage_assert_ended(stage);
}

static void nothing_is_cut_without_need(void **test)
{
    struct stage *stage = *test;
    struct part parts[STAGE_WORKERS];
    struct pool_future jobs[3];
    let_all_run(stage, parts, 1); /* they are short */
    submit_small(stage, &jobs[0], 1);
    pool__slot(stage->pool.board, 1, 1)->wake_state = POOL__SPINNING;
    pool__slot(stage->pool.board, 2, 1)->wake_state = POOL__SPINNING;
    stage->job.item_nanoseconds = 0;
    submit_small(stage, &jobs[1], -1); /* it overtakes nothing */
    submit_small(stage, &jobs[2], 1);  /* the idle workers take this one and the first */
    for (int i = 0; i < STAGE_WORKERS; i++)
        assert_int_equal(cancelled(stage, &parts[i]), POOL__GOES_ON);
    for (int i = 0; i < STAGE_WORKERS; i++) {
        stage_run(stage, &parts[i], STAGE_CHUNK);
        assert_true(stage_commit(stage, &parts[i]));
    }
    stage_finish(stage);
    stage_assert_ended(stage);
}

/* The hint may name any chunk. */
static void a_senseless_hint_cuts_nothing(void **test)
{
    static const uint32_t hints[] = {UINT32_MAX, POOL__CHUNKS, POOL__CHUNKS - 1};
    struct stage *stage = *test;
    struct part parts[STAGE_WORKERS];
    struct pool_future jobs[COUNT(hints) + 1];
    let_all_run(stage, parts, 0);
    for (size_t k = 0; k < COUNT(hints); k++) {
        for (int i = 0; i < STAGE_WORKERS; i++)
            pool__slot(stage->pool.board, i, 1)->claimed = hints[k];
        submit_small(stage, &jobs[k], 1);
    }
    for (int i = 0; i < STAGE_WORKERS; i++) /* a chunk of another worker */
        pool__slot(stage->pool.board, i, 1)->claimed = parts[(i + 1) % STAGE_WORKERS].number;
    submit_small(stage, &jobs[COUNT(hints)], 1);
    for (int i = 0; i < STAGE_WORKERS; i++) {
        assert_int_equal(cancelled(stage, &parts[i]), POOL__GOES_ON);
        stage_run(stage, &parts[i], STAGE_CHUNK);
        assert_true(stage_commit(stage, &parts[i]));
    }
    stage_finish(stage);
    stage_assert_ended(stage);
}

#define ON_STAGE(test) cmocka_unit_test_setup_teardown(test, stage_setup, stage_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_STAGE(higher_priorities_are_taken_first),
        ON_STAGE(lower_priorities_wait),
        ON_STAGE(a_call_that_has_ended_leaves_no_rank),
        ON_STAGE(the_rest_of_a_chunk_keeps_its_place_after_a_death),
        cmocka_unit_test(a_small_call_overtakes_when_it_is_its_turn),
        ON_STAGE(many_small_calls_keep_their_order),
        cmocka_unit_test(as_many_long_chunks_are_cut_as_are_in_the_way),
        ON_STAGE(a_long_chunk_is_cut_when_nothing_else_is_queued),
        ON_STAGE(a_chunk_that_is_cut_before_its_first_item_goes_on),
        ON_STAGE(nothing_is_cut_without_need),
        ON_STAGE(a_senseless_hint_cuts_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
