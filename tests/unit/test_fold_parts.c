/* Blocks of a fold that are given out in parts, played without processes: one part after the other, and
 * accumulators for which there is no memory. */
#include "unit/supply.h"
#include "unit/unit.h"

#include <stdlib.h>

static void *scarce_malloc(size_t size)
{
    return supplied() ? malloc(size) : NULL;
}

#define malloc scarce_malloc
#include "host/job/fold.c"
#undef malloc

#include "unit/fold_stage.h"

enum { LARGE_ITEM = 256, PART = 4 };

/* ---- Blocks in parts ---- */

/* A fold over items of which four are one chunk's share of the budget: three chunks make a block. */
static struct stage *open_parts(void)
{
    static unsigned char items[STAGE_ITEMS][LARGE_ITEM];
    pool_in_t in = POOL_IN(items, STAGE_ITEMS);
    in.type = NULL;
    struct stage *stage = open_fold_of(&in, 0, 1);
    assert_int_equal(pool__outstanding(&stage->pool), STAGE_ITEMS / BLOCK);
    return stage;
}

/* Has worker 1 run all chunks that come before that with this item, and claim that one. */
static struct part part_with(struct stage *stage, uint64_t item)
{
    for (;;) {
        pool__tend(&stage->pool);
        struct part part = stage_take(stage, 1, 1);
        uint64_t first = stage->pool.board->orders[part.number].first;
        assert_int_equal(items_of(stage, &part), PART);
        if (first <= item && item < first + PART)
            return part;
        run_whole(stage, &part);
    }
}

/* How many chunks are outstanding with items of this block. */
static size_t chunks_of(const struct stage *stage, uint64_t block)
{
    size_t count = 0;
    for (uint32_t number = 0; number < stage->pool.numbers; number++)
        count +=
            stage->pool.chunks[number].job && stage->pool.chunks[number].first / BLOCK == block;
    return count;
}

static void one_part_of_a_block_is_outstanding_at_a_time(void **test)
{
    static const bool none[STAGE_ITEMS];
    struct part part = {0};
    size_t parts = 0;
    (void)test;
    struct stage *stage = open_parts();
    for (; stage_claim(stage, (int)(parts % 3), 1, &part); parts++) {
        for (uint64_t block = 0; block < STAGE_ITEMS / BLOCK; block++)
            assert_true(chunks_of(stage, block) <= 1);
        run_whole(stage, &part);
        pool__tend(&stage->pool);
    }
    assert_int_equal(parts, STAGE_ITEMS / PART);
    close_fold(stage, 0, none);
}

/* The first block stops after its first part: it comes before the blocks that have not begun. */
static void a_block_that_has_begun_goes_on_first(void **test)
{
    static const bool none[STAGE_ITEMS];
    (void)test;
    struct stage *stage = open_parts();
    struct part part = part_with(stage, 0);
    run_whole(stage, &part);
    assert_int_equal(pool__fold_next(&stage->job), PART);
    assert_int_equal(pool__fold_left(&stage->job), BLOCK - PART);
    pool__tend(&stage->pool);
    assert_int_equal(chunks_of(stage, 0), 1);
    finish(stage);
    close_fold(stage, 0, none);
}

/* A worker dies in any part, after `item` % PART items of it, in the next one if `running`. */
static void parts_go_on_after_a_death(void **test)
{
    (void)test;
    for (uint64_t item = 0; item < STAGE_ITEMS; item++)
        for (uint64_t running = 0; running < 2; running++) {
            bool failed[STAGE_ITEMS] = {false};
            struct stage *stage = open_parts();
            struct part part = part_with(stage, item);
            run(stage, &part, item % PART);
            stage_cell(stage, part.number)->progress += running;
            stage_die(stage, &part, SIGKILL);
            failed[item] = running;
            finish(stage);
            close_fold(stage, 0, failed);
        }
}

/* The fold is stopped there. The part that runs is taken away if `kill`; else it ends by itself. */
static void stop_in_a_part(uint64_t item, bool kill)
{
    bool failed[STAGE_ITEMS] = {false};
    struct stage *stage = open_parts();
    struct part part = part_with(stage, item);
    uint64_t first = stage->pool.board->orders[part.number].first;
    const struct block *blocks = stage->job.fold->blocks;
    for (uint64_t block = 0; block < STAGE_ITEMS / BLOCK; block++) {
        uint64_t from = (block + 1) * BLOCK - blocks[block].left;
        mark(failed, blocks[block].outstanding ? from - PART : from, (block + 1) * BLOCK);
    }
    for (uint64_t i = first; i < item; i++)
        failed[i] = false;
    run(stage, &part, item - first);
    pool__stop(&stage->pool, &stage->job, POOL_TIMED_OUT, kill);
    if (kill)
        stage_die(stage, &part, SIGKILL);
    else
        assert_true(stage_commit(stage, &part));
    pool__collect(&stage->pool);
    close_fold(stage, 0, failed);
}

static void what_has_ended_in_parts_is_in_the_sum(void **test)
{
    (void)test;
    for (uint64_t item = 0; item < STAGE_ITEMS; item++)
        for (int kill = 0; kill < 2; kill++)
            stop_in_a_part(item, kill);
}

static void a_fold_can_be_stopped_between_two_parts(void **test)
{
    bool failed[STAGE_ITEMS] = {false};
    (void)test;
    struct stage *stage = open_parts();
    struct part part = part_with(stage, 0);
    run_whole(stage, &part);
    pool__stop(&stage->pool, &stage->job, POOL_CANCELLED, false);
    mark(failed, PART, STAGE_ITEMS);
    close_fold(stage, 0, failed);
}

/* The part makes no sense. What the parts before it have given is in the host, and the block goes on
 * with that. */
static void a_part_without_sense_is_left_out(void **test)
{
    (void)test;
    for (uint64_t item = 0; item < STAGE_ITEMS; item += PART) {
        bool failed[STAGE_ITEMS] = {false};
        struct stage *stage = open_parts();
        struct part part = part_with(stage, item);
        run(stage, &part, 2);
        stage_cell(stage, part.number)->progress = UINT64_MAX;
        assert_true(stage_commit(stage, &part));
        pool__collect(&stage->pool);
        mark(failed, item, item + PART);
        assert_int_equal(stage_error(stage, item)->kind, POOL_CORRUPT);
        finish(stage);
        close_fold(stage, 0, failed);
    }
}

/* ---- No memory ---- */

/* There is memory for `count` accumulators. Each block needs one, for its first part, and the fold none. */
static int status_with_memory_for(int count)
{
    struct stage *stage = open_parts();
    supply = count;
    finish(stage);
    supply = -1;
    int status = stage->job.status;
    bool none[STAGE_ITEMS] = {false};
    close_fold(stage, status, none);
    return status;
}

static void accumulators_without_memory_fail_the_fold(void **test)
{
    (void)test;
    for (int count = 0; count < STAGE_ITEMS / BLOCK; count++)
        assert_int_equal(status_with_memory_for(count), -ENOMEM);
    assert_int_equal(status_with_memory_for(STAGE_ITEMS / BLOCK), 0);
}

/* What was taken from a worker has no place, with or without memory for the fold itself. */
static void what_is_taken_away_needs_memory_too(void **test)
{
    struct pool_future job = {.in = {.count = 1}};
    (void)test;
    struct stage *stage = open_fold();
    struct part part = stage_take(stage, 1, 1);
    run(stage, &part, 3);
    supply = 0;
    pool__stop(&stage->pool, &stage->job, POOL_CANCELLED, true);
    assert_int_equal(pool__fold_start(&job, merge), -ENOMEM);
    supply = -1;
    stage_die(stage, &part, SIGKILL);
    assert_int_equal(stage->job.ended, STAGE_ITEMS);
    close_fold(stage, -ENOMEM, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_part_of_a_block_is_outstanding_at_a_time),
        cmocka_unit_test(a_block_that_has_begun_goes_on_first),
        cmocka_unit_test(parts_go_on_after_a_death),
        cmocka_unit_test(what_has_ended_in_parts_is_in_the_sum),
        cmocka_unit_test(a_fold_can_be_stopped_between_two_parts),
        cmocka_unit_test(a_part_without_sense_is_left_out),
        cmocka_unit_test(accumulators_without_memory_fail_the_fold),
        cmocka_unit_test(what_is_taken_away_needs_memory_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
