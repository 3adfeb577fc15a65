/* Blocks of a fold, played without processes: what is taken from workers, what cannot be trusted, and
 * items for which there is no room. */
#include "common/control.h"
#include "host/job/ends.h"
#include "host/job/fold.h"
#include "host/transport/board/recall.h"
#include "unit/stage.h"

enum { BLOCK = 12, SOME_ROOM = 64 };

static uint64_t sum;
static const uint64_t initial = 5;

static uint64_t add(uint64_t into, uint64_t item)
{
    return into * 31 + item;
}

static int merge(void *into, const void *from)
{
    *(uint64_t *)into = *(uint64_t *)into * 1000003 + *(const uint64_t *)from;
    return 0;
}

/* What should come out, without these items (NULL ends the list at the first -1). */
static uint64_t expected(const bool *without)
{
    uint64_t all = initial;
    bool any = false;
    for (uint64_t first = 0; first < STAGE_ITEMS; first += BLOCK) {
        uint64_t block = initial;
        bool good = false;
        for (uint64_t i = first; i < first + BLOCK; i++)
            if (!without[i]) {
                block = add(block, i);
                good = true;
            }
        if (good && any)
            merge(&all, &block);
        else if (good)
            all = block;
        any |= good;
    }
    return all;
}

/* A stage on which a fold over its numbers, or over texts, has been given out. */
static struct stage *open_fold(const pool_in_t *in, uint64_t room)
{
    static struct stage stage;
    stage_open(&stage, BLOCK);
    pool__give_up(&stage.pool);
    pool__report_clear(&stage.job.report);
    stage_drop(&stage);
    if (room)
        stage.pool.items_arena.end = stage.pool.items_arena.start + room;
    sum = initial;
    stage.job = (struct pool_future){.function = stage_function,
                                     .pool = &stage.pool,
                                     .in = in ? *in : POOL_IN(stage.items, STAGE_ITEMS),
                                     .item_type = in ? in->type : NULL,
                                     .out = POOL_OUT(&sum),
                                     .options = {.chunksize = BLOCK}};
    assert_int_equal(pool__fold_start(&stage.job, merge), 0);
    stage_submit(&stage, &stage.job);
    return &stage;
}

static void run(struct stage *stage, const struct part *part, uint64_t count)
{
    const struct pool__order *order = &stage->pool.board->orders[part->number];
    unsigned char *copies = pool__board_at(stage->pool.board, order->results);
    for (uint64_t i = 0; i < count; i++) {
        const uint64_t *valid = (const void *)(copies + i % 2 * POOL__LINE);
        *(uint64_t *)(void *)(copies + (i + 1) % 2 * POOL__LINE) = add(*valid, order->first + i);
    }
    *(uint64_t *)(void *)(copies + (count + 1) % 2 * POOL__LINE) = 0xdead;
    stage_cell(stage, part->number)->progress = 2 * count;
}

static void finish(struct stage *stage)
{
    struct part part = {0};
    for (;;) {
        pool__tend(&stage->pool);
        if (!stage_claim(stage, 2, 1, &part))
            return;
        run(stage, &part, stage->pool.board->orders[part.number].count);
        assert_true(stage_commit(stage, &part));
        pool__collect(&stage->pool);
    }
}

/* Asserts that all has ended, with these items failed, and that nothing is left over. */
static void close_fold(struct stage *stage, int status, const bool *failed)
{
    struct pool *pool = &stage->pool;
    uint64_t should = status ? initial : expected(failed);
    size_t bad = 0;
    if (stage->job.given < STAGE_ITEMS)
        pool__lose_items(&stage->job, stage->job.given, STAGE_ITEMS);
    assert_int_equal(stage->job.ended, STAGE_ITEMS);
    if (!stage->job.done)
        pool__fold_end(&stage->job);
    assert_int_equal(stage->job.status, status);
    for (size_t i = 0; i < STAGE_ITEMS; i++) {
        assert_true(status || failed[i] == (stage_error(stage, i) != NULL));
        bad += stage_error(stage, i) != NULL;
    }
    assert_int_equal(stage->job.failed, bad);
    assert_true(sum == should);
    uint32_t awaited = 0;
    for (uint32_t number = 0; number < pool->numbers; number++)
        awaited += pool->chunks[number].awaited;
    assert_int_equal(pool__outstanding(pool), awaited - pool->condemned);
    assert_int_equal(pool->parked, 0);
    if (awaited == 0) {
        assert_int_equal(pool->bytes, 0);
        assert_int_equal(pool->items_arena.fresh, pool->items_arena.start);
        assert_int_equal(pool->results_arena.fresh, pool->results_arena.start);
    }
    stage_close(stage);
}

static void mark(bool *failed, size_t from, size_t to)
{
    while (from < to)
        failed[from++] = true;
}

/* ---- Blocks ---- */

static void blocks_are_merged_in_their_order(void **test)
{
    static const bool none[STAGE_ITEMS];
    struct stage *stage = open_fold(NULL, 0);
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
            struct stage *stage = open_fold(NULL, 0);
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
            struct stage *stage = open_fold(NULL, 0);
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
        struct stage *stage = open_fold(NULL, 0);
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
        struct stage *stage = open_fold(NULL, 0);
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

/* ---- No room for items ---- */

/* A fold over items of which one takes all the room there is: all blocks but the first wait. */
static struct stage *open_narrow(void)
{
    static unsigned char items[STAGE_ITEMS][SOME_ROOM];
    pool_in_t in = POOL_IN(items, STAGE_ITEMS);
    in.type = NULL;
    struct stage *stage = open_fold(&in, SOME_ROOM);
    assert_int_equal(stage->pool.parked, STAGE_ITEMS / BLOCK - 1);
    assert_int_equal(pool__outstanding(&stage->pool), STAGE_ITEMS / BLOCK);
    return stage;
}

static uint32_t parked_chunk(const struct stage *stage)
{
    uint32_t number = 0;
    while (!stage->pool.chunks[number].parked)
        number++;
    return number;
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
    assert_int_equal(stage->pool.parked, 0);
    assert_true(stage_commit(stage, &part));
    pool__collect(&stage->pool);
    mark(failed, 1, STAGE_ITEMS);
    close_fold(stage, 0, failed);
}

static void a_waiting_block_is_lost_with_the_pool(void **test)
{
    (void)test;
    struct stage *stage = open_narrow();
    stage->pool.phase = POOL__GONE_PHASE;
    stage->pool.broken = true;
    pool__give_up(&stage->pool);
    close_fold(stage, POOL_EBROKEN, NULL);
}

static void no_worker_commits_a_waiting_block(void **test)
{
    static const bool none[STAGE_ITEMS];
    (void)test;
    struct stage *stage = open_narrow();
    uint32_t number = parked_chunk(stage);
    struct pool__cell *cell = stage_cell(stage, number);
    cell->state = pool__word(POOL__DONE, 1, 1, stage->pool.chunks[number].generation);
    cell->progress = 2 * BLOCK;
    stage_set_bit(stage, number);
    assert_false(pool__collect(&stage->pool));
    pool__reconcile(&stage->pool, NULL);
    assert_int_equal(stage->job.ended, 0);
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
    struct stage *stage = open_fold(&in, 2 * SOME_ROOM);
    failed[3] = true;
    finish(stage);
    assert_int_equal(stage_error(stage, 3)->kind, POOL_FAILED);
    assert_int_equal(stage_error(stage, 3)->code, -ENOMEM);
    close_fold(stage, 0, failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_merged_in_their_order),
        cmocka_unit_test(a_block_goes_on_after_a_death),
        cmocka_unit_test(what_has_ended_is_taken_away),
        cmocka_unit_test(a_block_without_sense_is_left_out),
        cmocka_unit_test(what_had_ended_is_not_lost_silently),
        cmocka_unit_test(blocks_wait_for_room),
        cmocka_unit_test(a_waiting_block_can_be_stopped),
        cmocka_unit_test(a_waiting_block_is_lost_with_the_pool),
        cmocka_unit_test(no_worker_commits_a_waiting_block),
        cmocka_unit_test(an_item_for_which_there_is_never_room_fails_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
