/* Accounts on the board that cannot be true: the chunk's items are corrupt, all of them, and nothing
 * else is touched. */
#include "unit/stage.h"

/* Worker 1 is dead. */
static int open_stage_of_death(void **test)
{
    stage_setup(test);
    ((struct stage *)*test)->members[1].pid = 0;
    return 0;
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
        struct part part = stage_take(&stage, 1, 1);
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
        struct part part = stage_take(&stage, 1, 1);
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
    struct part part = stage_take(&stage, 1, 1);
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

/* No worker could claim the chunk: a claim expects the whole word. */
static void a_queued_chunk_with_an_owner_is_corrupt(void **test)
{
    (void)test;
    spoil_word(POOL__QUEUED, 1, 0, 0);
    spoil_word(POOL__QUEUED, 0, 1, 0);
    spoil_word(POOL__QUEUED, STAGE_WORKERS, 1, 0);
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
    stage->members[1].life = 7;
    struct part part = {0};
    assert_true(stage_claim(stage, 1, 6, &part));
    pool__reconcile(&stage->pool, NULL);
    assert_false(stage_commit(stage, &part));
    assert_corrupt(stage);
}

static void a_chunk_in_the_hands_of_the_dead_is_corrupt(void **test)
{
    struct stage *stage = *test;
    stage_take(stage, 1, 1);
    pool__reconcile(&stage->pool, NULL);
    assert_int_equal(stage->job.failed, 0);
    stage->members[1].pid = 0;
    pool__reconcile(&stage->pool, NULL);
    assert_corrupt(stage);
}

/* The word may name the life that the host knows, or after a reported death the next one. */
static void a_chunk_of_a_life_that_cannot_be_is_corrupt(void **test)
{
    struct stage *stage = *test;
    struct part part = {0};
    bool dead = stage->members[1].pid == 0;
    assert_true(stage_claim(stage, 1, dead ? 3 : 2, &part));
    pool__reconcile(&stage->pool, NULL);
    assert_int_equal(stage->job.failed, 0);
    pool__reconcile(&stage->pool, NULL);
    assert_false(stage_commit(stage, &part));
    assert_corrupt(stage);
}

static void a_chunk_of_a_life_after_a_dead_one_is_not(void **test)
{
    struct stage *stage = *test;
    struct part part = {0};
    stage->members[1].pid = 0;
    assert_true(stage_claim(stage, 1, 2, &part));
    for (int looks = 0; looks < 3; looks++)
        pool__reconcile(&stage->pool, NULL);
    stage_run(stage, &part, STAGE_CHUNK);
    assert_true(stage_commit(stage, &part));
    pool__collect(&stage->pool);
    stage_finish(stage);
    assert_int_equal(stage->job.failed, 0);
    stage_assert_ended(stage);
}

/* A word that looks wrong at two ticks for two different reasons may be right. */
static void two_doubts_are_not_one_twice(void **test)
{
    struct stage *stage = *test;
    struct part part = {0};
    assert_true(stage_claim(stage, 1, 2, &part));
    pool__reconcile(&stage->pool, NULL);
    stage->members[1].life = 2;
    pool__slot(stage->pool.board, 1, 2)->wake_state = POOL__ASLEEP;
    pool__reconcile(&stage->pool, NULL);
    assert_int_equal(stage->job.failed, 0);
    pool__slot(stage->pool.board, 1, 2)->wake_state = POOL__ASLEEP; /* the audit had woken it */
    pool__reconcile(&stage->pool, NULL);
    assert_corrupt(stage);
}

/* A doubt about the chunk's earlier generation does not count either. */
static void a_doubt_is_of_one_generation(void **test)
{
    (void)test;
    static struct stage stage;
    stage_open(&stage, STAGE_ITEMS);
    for (uint64_t i = 0; i < 3; i++) {
        struct part part = stage_take(&stage, 1, 1);
        pool__slot(stage.pool.board, 1, 1)->wake_state = POOL__ASLEEP;
        pool__reconcile(&stage.pool, NULL);
        stage_run(&stage, &part, 1);
        assert_true(stage_commit(&stage, &part));
        pool__collect(&stage.pool);
    }
    stage_finish(&stage);
    assert_int_equal(stage.job.failed, 0);
    stage_assert_ended(&stage);
    stage_close(&stage);
}

static void a_chunk_of_a_worker_that_sleeps_is_corrupt(void **test)
{
    struct stage *stage = *test;
    static const enum pool__wake_state rests[] = {POOL__AWAKE,  POOL__ASLEEP,   POOL__AWAKE,
                                                  POOL__ASLEEP, POOL__SPINNING, POOL__ASLEEP};
    struct part part = stage_take(stage, 1, 1);
    for (size_t i = 0; i < COUNT(rests); i++) {
        pool__slot(stage->pool.board, 1, 1)->wake_state = rests[i];
        pool__reconcile(&stage->pool, NULL);
        assert_int_equal(stage->job.failed, 0);
    }
    pool__slot(stage->pool.board, 1, 1)->wake_state = POOL__ASLEEP; /* the audit had woken it */
    pool__reconcile(&stage->pool, NULL);
    assert_false(stage_commit(stage, &part));
    assert_corrupt(stage);
}

/* One of the two chunks is not the worker's; which one cannot be known. */
static void two_chunks_of_one_worker_are_corrupt(void **test)
{
    struct stage *stage = *test;
    struct part first = stage_take(stage, 1, 1), other = {0}, second = {0};
    assert_true(stage_claim(stage, 0, 1, &other));
    assert_true(stage_claim(stage, 1, 1, &second));
    pool__reconcile(&stage->pool, NULL);
    assert_false(stage_commit(stage, &first));
    assert_false(stage_commit(stage, &second));
    stage_run(stage, &other, STAGE_CHUNK);
    assert_true(stage_commit(stage, &other));
    pool__collect(&stage->pool);
    stage_finish(stage);
    assert_int_equal(stage->job.failed, 2 * STAGE_CHUNK);
    stage_assert_ended(stage);
}

/* The worker has another chunk at every look. */
static void one_chunk_after_the_other_is_not_two(void **test)
{
    struct stage *stage = *test;
    for (size_t i = 0; i < STAGE_ITEMS / STAGE_CHUNK; i++) {
        struct part part = stage_take(stage, 1, 1);
        pool__reconcile(&stage->pool, NULL);
        pool__reconcile(&stage->pool, NULL);
        stage_run(stage, &part, STAGE_CHUNK);
        assert_true(stage_commit(stage, &part));
        if (i % 2)
            pool__collect(&stage->pool);
    }
    pool__collect(&stage->pool);
    assert_int_equal(stage->job.failed, 0);
    stage_assert_ended(stage);
}

/* The rest of the worker's chunk is queued again, under the same number. */
static void what_it_had_before_is_not_a_second(void **test)
{
    struct stage *stage = *test;
    struct part first = stage_take(stage, 1, 1), second;
    pool__reconcile(&stage->pool, NULL);
    stage_run(stage, &first, 1);
    assert_true(stage_commit(stage, &first));
    pool__collect(&stage->pool);
    second = stage_take(stage, 1, 1);
    assert_true(second.number > first.number);
    pool__reconcile(&stage->pool, NULL);
    stage_run(stage, &second, STAGE_CHUNK);
    assert_true(stage_commit(stage, &second));
    pool__collect(&stage->pool);
    stage_finish(stage);
    assert_int_equal(stage->job.failed, 0);
    stage_assert_ended(stage);
}

/* The owner of the chunk may still write to it. The memory is used again only if the owner is dead. */
static void memory_of_a_living_owner_is_not_used_again(void **test)
{
    struct stage *stage = *test;
    struct part part = stage_take(stage, 1, 1);
    stage_cell(stage, part.number)->progress = UINT64_MAX;
    assert_true(stage_commit(stage, &part));
    pool__collect(&stage->pool);
    assert_int_equal(stage->pool.condemned, 1);
    assert_true(stage->pool.chunks[part.number].awaited);
    assert_corrupt(stage);
    assert_int_equal(pool__outstanding(&stage->pool), 0);
}

static void a_pool_without_numbers_says_so(void **test)
{
    struct stage *stage = *test;
    int result = 0;
    stage_finish(stage);
    stage->pool.condemned = stage->pool.numbers = POOL__CHUNKS;
    stage->pool.free_count = 0;
    struct pool_future job = {
        .function = stage_function, .in = POOL_IN(stage->items, 1), .out = POOL_OUT(&result)};
    stage_submit(stage, &job);
    assert_int_equal(job.status, -ENOMEM);
    stage->pool.numbers = 0;
    pool__report_clear(&job.report);
}

/* ---- Failure records ---- */

/* The failure records of a chunk, of which items 1 and 3 failed, are said to be so much longer: `failed` items failed,
 * the others from `corrupt` on may have or not. */
static void spoil_failures(uint32_t more, size_t failed, size_t corrupt)
{
    static struct stage stage;
    stage_open(&stage, STAGE_CHUNK);
    struct part part = stage_take(&stage, 1, 1);
    stage_run(&stage, &part, STAGE_CHUNK);
    stage_failure(&stage, &part, 1, 50);
    stage_failure(&stage, &part, 3, 50);
    stage_cell(&stage, part.number)->failures += more;
    assert_true(stage_commit(&stage, &part));
    pool__collect(&stage.pool);
    for (size_t i = 0; i < STAGE_CHUNK; i++) {
        const pool_error_t *error = stage_error(&stage, i);
        if (i >= corrupt)
            assert_int_equal(error->kind, POOL_CORRUPT);
        else if ((i == 1 && failed > 0) || (i == 3 && failed > 1))
            assert_int_equal(error->kind, POOL_FAILED);
        else
            assert_null(error);
    }
    stage_finish(&stage);
    stage_assert_ended(&stage);
    stage_close(&stage);
}

static void items_with_senseless_notes_are_corrupt(void **test)
{
    (void)test;
    spoil_failures(0, 2, STAGE_CHUNK);
    spoil_failures(1, 2, 4);
    spoil_failures((uint32_t)-1, 1, 2);
    spoil_failures(POOL__FAILURES, 0, 0);
    spoil_failures((uint32_t)1 << 31, 0, 0);
}

static void a_note_of_an_item_to_come_is_corrupt(void **test)
{
    struct stage *stage = *test;
    struct part part = stage_take(stage, 1, 1);
    stage_run(stage, &part, STAGE_CHUNK);
    stage_failure(stage, &part, STAGE_CHUNK + 1, 50);
    assert_true(stage_commit(stage, &part));
    pool__collect(&stage->pool);
    assert_corrupt(stage);
}

static void plain_results_are_not_handed_over(void **test)
{
    struct stage *stage = *test;
    struct part part = stage_take(stage, 1, 1);
    stage_cell(stage, part.number)->progress = 1;
    assert_true(stage_hand_over(stage, &part));
    assert_true(pool__collect(&stage->pool));
    assert_corrupt(stage);
}

#define ON_STAGE(function) cmocka_unit_test_setup_teardown(function, stage_setup, stage_teardown)
#define ON_STAGE_OF_DEATH(function)                                                                \
    cmocka_unit_test_setup_teardown(function, open_stage_of_death, stage_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_commit_with_impossible_progress_is_corrupt),
        cmocka_unit_test(a_death_with_impossible_progress_is_corrupt),
        cmocka_unit_test(a_word_of_another_generation_is_corrupt),
        cmocka_unit_test(a_word_of_a_worker_that_is_none_is_corrupt),
        cmocka_unit_test(a_queued_chunk_with_an_owner_is_corrupt),
        cmocka_unit_test(a_state_that_is_none_is_corrupt),
        ON_STAGE(a_chunk_of_a_life_long_past_is_corrupt),
        ON_STAGE(a_chunk_in_the_hands_of_the_dead_is_corrupt),
        ON_STAGE(a_chunk_of_a_life_that_cannot_be_is_corrupt),
        ON_STAGE_OF_DEATH(a_chunk_of_a_life_that_cannot_be_is_corrupt),
        ON_STAGE(a_chunk_of_a_life_after_a_dead_one_is_not),
        ON_STAGE(two_doubts_are_not_one_twice),
        cmocka_unit_test(a_doubt_is_of_one_generation),
        ON_STAGE(a_chunk_of_a_worker_that_sleeps_is_corrupt),
        ON_STAGE(two_chunks_of_one_worker_are_corrupt),
        ON_STAGE(one_chunk_after_the_other_is_not_two),
        ON_STAGE(what_it_had_before_is_not_a_second),
        ON_STAGE(memory_of_a_living_owner_is_not_used_again),
        ON_STAGE(a_pool_without_numbers_says_so),
        cmocka_unit_test(items_with_senseless_notes_are_corrupt),
        ON_STAGE(a_note_of_an_item_to_come_is_corrupt),
        ON_STAGE(plain_results_are_not_handed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
