/* Blocks of a fold, played without processes: in their order, after deaths, taken from workers, and those
 * that cannot be trusted. */
#include "unit/fold_stage.h"

/* ---- Blocks ---- */

static void blocks_are_merged_in_their_order(void **test)
{
    static const bool none[STAGE_ITEMS];
    struct stage *stage = open_fold();
    struct part parts[STAGE_ITEMS / BLOCK];
    (void)test;
    for (size_t i = 0; i < COUNT(parts); i++)
        parts[i] = stage_take(stage, (int)i % STAGE_WORKERS, 1);
    for (size_t i = COUNT(parts); i > 0; i--) {
        run(stage, &parts[i - 1], BLOCK);
        assert_true(stage_commit(stage, &parts[i - 1]));
        pool__collect(&stage->pool);
        pool__tend(&stage->pool);
        if (i > 1)
            assert_int_equal(pool__fold_ahead(&stage->job), COUNT(parts));
        assert_int_equal(stage->job.done, i == 1);
    }
    close_fold(stage, 0, none);
}

/* A worker that dies after `ended` items, in the next one if `running`. */
static void a_block_goes_on_after_a_death(void **test)
{
    (void)test;
    for (uint64_t ended = 0; ended < BLOCK; ended++)
        for (uint64_t running = 0; running < 2; running++) {
            bool failed[STAGE_ITEMS] = {false};
            struct stage *stage = open_fold();
            struct part part = stage_take(stage, 1, 1);
            run(stage, &part, ended);
            stage_cell(stage, part.number)->progress += running;
            stage_die(stage, &part, SIGKILL);
            failed[ended] = running;
            finish(stage);
            close_fold(stage, 0, failed);
        }
}

/* ---- Taken away ---- */

/* The fold is stopped while a worker is behind `ended` items, in the next one if `running`. */
static void what_has_ended_is_taken_away(void **test)
{
    (void)test;
    for (uint64_t ended = 0; ended < BLOCK; ended++)
        for (uint64_t running = 0; running < 2; running++) {
            bool failed[STAGE_ITEMS] = {false};
            struct stage *stage = open_fold();
            struct part part = stage_take(stage, 1, 1);
            run(stage, &part, ended);
            stage_cell(stage, part.number)->progress += running;
            pool__stop(&stage->pool, &stage->job, POOL_CANCELLED, true);
            assert_int_equal(stage->job.ended, STAGE_ITEMS);
            assert_false(stage_commit(stage, &part));
            run(stage, &part, BLOCK); /* it has not heard of that yet */
            stage_die(stage, &part, SIGKILL);
            mark(failed, ended, STAGE_ITEMS);
            close_fold(stage, 0, failed);
        }
}

/* ---- What cannot be trusted ---- */

static void a_block_without_sense_is_left_out(void **test)
{
    (void)test;
    for (int how = 0; how < 4; how++) {
        bool failed[STAGE_ITEMS] = {false};
        struct stage *stage = open_fold();
        struct part part = stage_take(stage, 1, 1);
        run(stage, &part, 4);
        stage_cell(stage, part.number)->progress = how % 2 ? UINT64_MAX : 2 * BLOCK + 1;
        if (how < 2)
            assert_true(stage_commit(stage, &part));
        else
            stage_cell(stage, part.number)->state = 0x1234567;
        pool__reconcile(&stage->pool, NULL);
        mark(failed, 0, BLOCK);
        assert_int_equal(stage_error(stage, 3)->kind, POOL_CORRUPT);
        finish(stage);
        close_fold(stage, 0, failed);
    }
}

/* The block had been in other hands before, and items had ended well there. */
static void what_had_ended_is_not_lost_silently(void **test)
{
    (void)test;
    for (int how = 0; how < 4; how++) {
        struct stage *stage = open_fold();
        struct part part = stage_take(stage, 1, 1);
        run(stage, &part, 3);
        assert_true(stage_commit(stage, &part));
        pool__collect(&stage->pool);
        for (part = stage_take(stage, 1, 1); stage->pool.board->orders[part.number].first != 3;)
            part = stage_take(stage, 0, 1);
        stage_cell(stage, part.number)->progress = UINT64_MAX;
        if (how == 0)
            stage_cell(stage, part.number)->state = 0x1234567;
        else if (how == 1)
            assert_true(stage_commit(stage, &part));
        else if (how == 2)
            assert_true(stage_hand_over(stage, &part));
        if (how == 3)
            pool__stop(&stage->pool, &stage->job, POOL_CANCELLED, true);
        else
            pool__reconcile(&stage->pool, NULL);
        for (uint32_t number = 0; number < stage->pool.numbers; number++)
            if (stage->pool.chunks[number].job && how < 3) /* what others had claimed */
                stage_cell(stage, number)->state =
                    pool__word(POOL__QUEUED, 0, 0, stage->pool.chunks[number].generation);
        finish(stage);
        close_fold(stage, -EBADMSG, NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_merged_in_their_order),
        cmocka_unit_test(a_block_goes_on_after_a_death),
        cmocka_unit_test(what_has_ended_is_taken_away),
        cmocka_unit_test(a_block_without_sense_is_left_out),
        cmocka_unit_test(what_had_ended_is_not_lost_silently),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
