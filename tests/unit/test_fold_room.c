/* Folds over items for which there is no room on the board, now or ever, played without processes. */
#include "unit/fold_stage.h"

enum { SOME_ROOM = 64 };

/* A fold over items of which one takes all the room there is: all blocks but the first wait. */
static struct stage *open_narrow(void)
{
    static unsigned char items[STAGE_ITEMS][SOME_ROOM];
    pool_in_t in = POOL_IN(items, STAGE_ITEMS);
    in.type = NULL;
    struct stage *stage = open_fold_of(&in, SOME_ROOM, 0);
    assert_int_equal(pool__outstanding(&stage->pool), 1);
    assert_int_equal(pool__fold_ahead(&stage->job), 1);
    return stage;
}

static void blocks_wait_for_room(void **test)
{
    static const bool none[STAGE_ITEMS];
    (void)test;
    struct stage *stage = open_narrow();
    finish(stage);
    close_fold(stage, 0, none);
}

static void a_waiting_block_can_be_stopped(void **test)
{
    bool failed[STAGE_ITEMS] = {false};
    (void)test;
    struct stage *stage = open_narrow();
    struct part part = stage_take(stage, 1, 1);
    run(stage, &part, 1);
    pool__stop(&stage->pool, &stage->job, POOL_CANCELLED, false);
    assert_true(stage_commit(stage, &part));
    pool__collect(&stage->pool);
    mark(failed, 1, STAGE_ITEMS);
    close_fold(stage, 0, failed);
}

static void a_waiting_block_is_lost_with_the_pool(void **test)
{
    (void)test;
    struct stage *stage = open_narrow();
    struct part part = stage_take(stage, 1, 1);
    run_whole(stage, &part);
    pool__tend(&stage->pool);
    stage->pool.phase = POOL__GONE_PHASE;
    stage->pool.broken = true;
    pool__give_up(&stage->pool);
    close_fold(stage, POOL_EBROKEN, NULL);
}

/* Another call has all the room for now: the items wait and do not fail. */
static void items_wait_for_the_room_of_others(void **test)
{
    static const bool none[STAGE_ITEMS];
    (void)test;
    struct stage *stage = open_narrow();
    struct part part = stage_take(stage, 1, 1);
    struct pool__extent *others;
    run_whole(stage, &part);
    others = pool__arena_alloc(&stage->pool.items_arena, SOME_ROOM);
    uint32_t number = 0;
    assert_true(pool__take_number(&stage->pool, &number));
    pool__tend(&stage->pool);
    assert_int_equal(stage->job.failed, 0);
    assert_int_equal(pool__outstanding(&stage->pool), 1);
    pool__arena_free(&stage->pool.items_arena, others);
    pool__give_number(&stage->pool, number);
    finish(stage);
    close_fold(stage, 0, none);
}

/* Texts: the third is larger than all the room there is. */
static void an_item_for_which_there_is_never_room_fails_alone(void **test)
{
    static char large[2000];
    char *texts[STAGE_ITEMS] = {NULL};
    bool failed[STAGE_ITEMS] = {false};
    pool_in_t in = POOL_IN(texts, STAGE_ITEMS);
    (void)test;
    memset(large, 'x', sizeof large - 1);
    for (size_t i = 0; i < STAGE_ITEMS; i++)
        texts[i] = i == 3 ? large : &large[sizeof large - 1 - i];
    struct stage *stage = open_fold_of(&in, 2 * SOME_ROOM, 0);
    failed[3] = true;
    finish(stage);
    assert_int_equal(stage_error(stage, 3)->kind, POOL_FAILED);
    assert_int_equal(stage_error(stage, 3)->code, -ENOMEM);
    close_fold(stage, 0, failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_wait_for_room),
        cmocka_unit_test(a_waiting_block_can_be_stopped),
        cmocka_unit_test(a_waiting_block_is_lost_with_the_pool),
        cmocka_unit_test(items_wait_for_the_room_of_others),
        cmocka_unit_test(an_item_for_which_there_is_never_room_fails_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
