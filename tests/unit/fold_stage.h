/* A stage for folds: a fold whose blocks the test runs, and what should come out. */
#ifndef POOL_UNIT_FOLD_STAGE_H
#define POOL_UNIT_FOLD_STAGE_H

#include "host/engine/stop.h"
#include "host/job/ends.h"
#include "host/job/fold.h"
#include "host/transport/board/recall.h"
#include "unit/stage.h"

enum { BLOCK = 12 };

static uint64_t sum;
static const uint64_t initial = 5;

static inline uint64_t add(uint64_t into, uint64_t item)
{
    return into * 31 + item;
}

static inline int merge(void *into, const void *from)
{
    *(uint64_t *)into = *(uint64_t *)into * 1000003 + *(const uint64_t *)from;
    return 0;
}

/* What should come out, without these items (NULL ends the list at the first -1). */
static inline uint64_t expected(const bool *without)
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

/* A stage on which a fold over these items, or over the stage's numbers, has been given out. 0: as much
 * room for items as there is, and the stage's budget. */
static inline struct stage *open_fold_of(const pool_in_t *in, uint64_t room, size_t budget)
{
    static struct stage stage;
    stage_open(&stage, BLOCK);
    pool__give_up(&stage.pool);
    pool__report_clear(&stage.job.report);
    stage_drop(&stage);
    if (room)
        stage.pool.items_arena.end = stage.pool.items_arena.start + room;
    if (budget)
        stage.pool.launch.options.budget = budget;
    sum = initial;
    stage.job = (struct pool_future){.function = stage_function,
                                     .pool = &stage.pool,
                                     .in = in ? *in : POOL_IN(stage.items, STAGE_ITEMS),
                                     .out = POOL_OUT(&sum),
                                     .options = {.chunksize = BLOCK}};
    assert_int_equal(pool__fold_start(&stage.job, merge), 0);
    stage_submit(&stage, &stage.job);
    return &stage;
}

static inline struct stage *open_fold(void)
{
    return open_fold_of(NULL, 0, 0);
}

static inline void run(struct stage *stage, const struct part *part, uint64_t count)
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

static inline uint64_t items_of(const struct stage *stage, const struct part *part)
{
    return stage->pool.board->orders[part->number].count;
}

static inline void run_whole(struct stage *stage, const struct part *part)
{
    run(stage, part, items_of(stage, part));
    assert_true(stage_commit(stage, part));
    pool__collect(&stage->pool);
}

static inline void finish(struct stage *stage)
{
    struct part part = {0};
    for (;;) {
        pool__tend(&stage->pool);
        if (!stage_claim(stage, 2, 1, &part))
            return;
        run_whole(stage, &part);
    }
}

/* Asserts that all has ended, with these items failed, and that nothing is left over. */
static inline void close_fold(struct stage *stage, int status, const bool *failed)
{
    struct pool *pool = &stage->pool;
    uint64_t should = status ? initial : expected(failed);
    size_t bad = 0;
    uint64_t from, to;
    while (pool__take_rest(&stage->job, &from, &to))
        pool__lose_items(&stage->job, from, to, 0);
    assert_int_equal(stage->job.ended, STAGE_ITEMS);
    if (!stage->job.done) {
        assert_false(pool__fold_goes_on(&stage->job));
        pool__fold_end(&stage->job);
    }
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
    if (awaited == 0) {
        assert_int_equal(pool->bytes, 0);
        assert_int_equal(pool->items_arena.fresh, pool->items_arena.start);
        assert_int_equal(pool->results_arena.fresh, pool->results_arena.start);
    }
    stage_close(stage);
}

static inline void mark(bool *failed, size_t from, size_t to)
{
    while (from < to)
        failed[from++] = true;
}

#endif
