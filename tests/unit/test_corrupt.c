/* Accounts on the board that cannot be true: the chunk's items are corrupt, all of them, and nothing
 * else is touched. */
#include "unit/stage.h"

static int open_stage(void **test)
{
    static struct stage stage;
    stage_open(&stage, STAGE_CHUNK);
    *test = &stage;
    return 0;
}

static int close_stage(void **test)
{
    stage_close(*test);
    return 0;
}

static struct part claim(struct stage *stage)
{
    struct part part = {0};
    assert_true(stage_claim(stage, 1, 1, &part));
    return part;
}

/* The first chunk's items are corrupt; the others can still be run. */
static void assert_corrupt(struct stage *stage)
{
    assert_int_equal(stage->job.failed, STAGE_CHUNK);
    for (size_t i = 0; i < STAGE_CHUNK; i++) {
        const pool_error_t *error = stage_error(stage, i);
        assert_non_null(error);
        assert_int_equal(error->kind, POOL_CORRUPT);
        assert_int_equal(error->code, -EBADMSG);
        assert_int_equal(error->worker, -1);
        assert_true(error->message[0]);
    }
    stage_finish(stage);
    assert_int_equal(stage->job.failed, STAGE_CHUNK);
    stage_assert_ended(stage);
}

/* ---- Progress ---- */

static void a_commit_with_impossible_progress_is_corrupt(void **test)
{
    (void)test;
    static const uint64_t progress[] = {0,
                                        1,
                                        2 * STAGE_CHUNK - 1,
                                        2 * STAGE_CHUNK + 1,
                                        2 * STAGE_CHUNK + 2,
                                        UINT64_MAX,
                                        UINT64_MAX - 1,
                                        (uint64_t)1 << 63};
    for (size_t i = 0; i < COUNT(progress); i++) {
        static struct stage stage;
        stage_open(&stage, STAGE_CHUNK);
        struct part part = claim(&stage);
        stage_cell(&stage, part.number)->progress = progress[i];
        assert_true(stage_commit(&stage, &part));
        assert_true(pool__collect(&stage.pool));
        assert_corrupt(&stage);
        stage_close(&stage);
    }
}

static void a_death_with_impossible_progress_is_corrupt(void **test)
{
    (void)test;
    static const uint64_t progress[] = {2 * STAGE_CHUNK + 1, 2 * STAGE_CHUNK + 2, UINT64_MAX,
                                        UINT64_MAX - 1};
    for (size_t i = 0; i < COUNT(progress); i++) {
        static struct stage stage;
        stage_open(&stage, STAGE_CHUNK);
        struct part part = claim(&stage);
        stage_cell(&stage, part.number)->progress = progress[i];
        stage_die(&stage, &part, SIGSEGV);
        assert_corrupt(&stage);
        stage_close(&stage);
    }
}

/* ---- Words ---- */

/* The first chunk's word, once its worker has claimed it, becomes this of its generation plus `ahead`.
 * A word that asks for something is found by its bit, any by looking at the whole board. */
static void spoil_word(enum pool__state state, int worker, uint32_t life, uint32_t ahead)
{
    static struct stage stage;
    stage_open(&stage, STAGE_CHUNK);
    struct part part = claim(&stage);
    stage_run(&stage, &part, STAGE_CHUNK);
    stage_cell(&stage, part.number)->state =
        pool__word(state, worker, life, part.generation + ahead);
    stage_set_bit(&stage, part.number);
    assert_false(pool__collect(&stage.pool));
    assert_int_equal(stage.job.ended, 0);
    pool__reconcile(&stage.pool, NULL);
    assert_false(stage_commit(&stage, &part));
    assert_corrupt(&stage);
    stage_close(&stage);
}

static void a_word_of_another_generation_is_corrupt(void **test)
{
    (void)test;
    for (unsigned state = POOL__QUEUED; state <= POOL__DONE; state++) {
        spoil_word((enum pool__state)state, 1, 1, 1);
        spoil_word((enum pool__state)state, 1, 1, (uint32_t)-1);
    }
}

static void a_word_of_a_worker_that_is_none_is_corrupt(void **test)
{
    (void)test;
    static const enum pool__state states[] = {POOL__RUNNING, POOL__FULL, POOL__DONE};
    for (size_t i = 0; i < COUNT(states); i++) {
        spoil_word(states[i], STAGE_WORKERS, 1, 0);
        spoil_word(states[i], 4095, 1, 0);
    }
}

static void a_state_that_is_none_is_corrupt(void **test)
{
    (void)test;
    spoil_word(POOL__FREE, 1, 1, 0);
    for (unsigned state = POOL__DONE + 1; state < 16; state++)
        spoil_word((enum pool__state)state, 1, 1, 0);
}

static void a_chunk_of_a_life_long_past_is_corrupt(void **test)
{
    struct stage *stage = *test;
    stage->people[1].life = 7;
    struct part part = {0};
    assert_true(stage_claim(stage, 1, 6, &part));
    pool__reconcile(&stage->pool, NULL);
    assert_false(stage_commit(stage, &part));
    assert_corrupt(stage);
}

static void a_chunk_in_the_hands_of_the_dead_is_corrupt(void **test)
{
    struct stage *stage = *test;
    claim(stage);
    pool__reconcile(&stage->pool, NULL);
    assert_int_equal(stage->job.failed, 0);
    stage->people[1].pid = 0;
    pool__reconcile(&stage->pool, NULL);
    assert_corrupt(stage);
}

static void plain_results_are_not_handed_over(void **test)
{
    struct stage *stage = *test;
    struct part part = claim(stage);
    stage_cell(stage, part.number)->progress = 1;
    assert_true(stage_hand_over(stage, &part));
    assert_true(pool__collect(&stage->pool));
    assert_corrupt(stage);
}

#define ON_STAGE(function) cmocka_unit_test_setup_teardown(function, open_stage, close_stage)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_commit_with_impossible_progress_is_corrupt),
        cmocka_unit_test(a_death_with_impossible_progress_is_corrupt),
        cmocka_unit_test(a_word_of_another_generation_is_corrupt),
        cmocka_unit_test(a_word_of_a_worker_that_is_none_is_corrupt),
        cmocka_unit_test(a_state_that_is_none_is_corrupt),
        ON_STAGE(a_chunk_of_a_life_long_past_is_corrupt),
        ON_STAGE(a_chunk_in_the_hands_of_the_dead_is_corrupt),
        ON_STAGE(plain_results_are_not_handed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
