/* The arena against a model: a map of the range, a name for each grain. */
#include "host/base/arena.h"

#include <string.h>

#include "unit/unit.h"

enum { GRAIN = 64, GRAINS = 2048, START = 100 * GRAIN, SIZE = GRAINS * GRAIN };

struct model {
    struct pool__arena arena;
    uint16_t owners[GRAINS]; /* 0: free; else the place in `live` plus 1 */
    struct pool__extent *live[GRAINS];
    size_t count;
    uint64_t seed;
};

static void init(struct model *model, uint64_t seed)
{
    memset(model, 0, sizeof *model);
    model->seed = seed;
    pool__arena_init(&model->arena, START, START + SIZE);
}

static void assert_whole(const struct pool__arena *arena)
{
    assert_int_equal(arena->fresh, arena->start);
    assert_null(arena->last);
    assert_null(arena->free_list);
}

/* The most grains in a row that are free. */
static size_t largest_gap(const struct model *model)
{
    size_t largest = 0, run = 0;
    for (size_t i = 0; i < GRAINS; i++) {
        run = model->owners[i] ? 0 : run + 1;
        largest = run > largest ? run : largest;
    }
    return largest;
}

/* The end of the highest grain in use. */
static uint64_t top(const struct model *model)
{
    size_t grains = GRAINS;
    while (grains > 0 && !model->owners[grains - 1])
        grains--;
    return START + grains * GRAIN;
}

static void mark(struct model *model, const struct pool__extent *extent, uint16_t from, uint16_t to)
{
    uint64_t offset = pool__extent_offset(extent), size = pool__extent_size(extent);
    assert_int_equal(offset % GRAIN, 0);
    assert_true(offset >= START && offset + size <= START + SIZE);
    for (uint64_t i = (offset - START) / GRAIN; i < (offset - START + size) / GRAIN; i++) {
        assert_int_equal(model->owners[i], from);
        model->owners[i] = to;
    }
}

static void alloc_one(struct model *model)
{
    uint64_t shape = random_below(&model->seed, 10);
    uint64_t size = 1 + random_below(&model->seed, shape == 0 ? SIZE / 4 : shape < 4 ? 4096 : 256);
    uint64_t grains = (size + GRAIN - 1) / GRAIN;
    struct pool__extent *extent = pool__arena_alloc(&model->arena, size);
    assert_int_equal(extent != NULL, grains <= largest_gap(model));
    if (!extent)
        return;
    assert_int_equal(pool__extent_size(extent), grains * GRAIN);
    model->live[model->count++] = extent;
    mark(model, extent, 0, (uint16_t)model->count);
}

static void free_one(struct model *model)
{
    size_t i = random_below(&model->seed, model->count);
    struct pool__extent *extent = model->live[i], *moved = model->live[--model->count];
    mark(model, extent, (uint16_t)(i + 1), 0);
    if (moved != extent)
        mark(model, moved, (uint16_t)(model->count + 1), (uint16_t)(i + 1));
    model->live[i] = moved;
    pool__arena_free(&model->arena, extent);
}

/* Gives the end of one back; what is left keeps its place and its bytes. */
static void shrink_one(struct model *model)
{
    size_t i = random_below(&model->seed, model->count);
    struct pool__extent *extent = model->live[i];
    uint64_t offset = pool__extent_offset(extent), whole = pool__extent_size(extent);
    uint64_t size = 1 + random_below(&model->seed, whole);
    mark(model, extent, (uint16_t)(i + 1), 0);
    pool__arena_shrink(&model->arena, extent, size);
    assert_int_equal(pool__extent_offset(extent), offset);
    assert_int_equal(pool__extent_size(extent), (size + GRAIN - 1) / GRAIN * GRAIN);
    mark(model, extent, 0, (uint16_t)(i + 1));
}

static void random_use_agrees_with_the_model(void **test)
{
    (void)test;
    static struct model model;
    for (uint64_t seed = 0; seed < 12; seed++) {
        init(&model, seed);
        for (int step = 0; step < 2000; step++) {
            bool growing = step / 200 % 2 == 0;
            if (model.count == 0 || random_below(&model.seed, 10) < (growing ? 7u : 3u))
                alloc_one(&model);
            else if (step % 4 == 0)
                shrink_one(&model);
            else
                free_one(&model);
            assert_int_equal(model.arena.fresh, top(&model));
        }
        while (model.count > 0)
            free_one(&model);
        assert_whole(&model.arena);
        pool__arena_fini(&model.arena);
    }
}

/* ---- Sizes ---- */

static void sizes_are_rounded_up_to_64(void **test)
{
    (void)test;
    struct model model;
    init(&model, 0);
    for (uint64_t size = 1; size <= 3 * GRAIN; size++) {
        struct pool__extent *extent = pool__arena_alloc(&model.arena, size);
        assert_int_equal(pool__extent_size(extent), (size + GRAIN - 1) / GRAIN * GRAIN);
        assert_int_equal(pool__extent_offset(extent) % GRAIN, 0);
    }
    pool__arena_fini(&model.arena);
}

static void impossible_sizes_are_refused(void **test)
{
    (void)test;
    struct model model;
    init(&model, 0);
    static const uint64_t sizes[] = {0, SIZE + 1, UINT64_MAX, UINT64_MAX - GRAIN + 1,
                                     (uint64_t)1 << 63};
    for (size_t i = 0; i < COUNT(sizes); i++)
        assert_null(pool__arena_alloc(&model.arena, sizes[i]));
    assert_whole(&model.arena);
    pool__arena_fini(&model.arena);
}

static void the_whole_range_can_be_had_and_nothing_beside_it(void **test)
{
    (void)test;
    struct model model;
    init(&model, 0);
    for (int round = 0; round < 3; round++) {
        struct pool__extent *whole = pool__arena_alloc(&model.arena, SIZE);
        assert_non_null(whole);
        assert_int_equal(pool__extent_offset(whole), START);
        assert_null(pool__arena_alloc(&model.arena, 1));
        pool__arena_free(&model.arena, whole);
        assert_whole(&model.arena);
    }
    pool__arena_fini(&model.arena);
}

static void shrinking_to_the_same_size_changes_nothing(void **test)
{
    (void)test;
    struct model model;
    init(&model, 0);
    struct pool__extent *extent = pool__arena_alloc(&model.arena, 1000);
    pool__arena_shrink(&model.arena, extent, 1024);
    pool__arena_shrink(&model.arena, extent, 961);
    assert_int_equal(pool__extent_size(extent), 1024);
    assert_int_equal(model.arena.fresh, START + 1024);
    pool__arena_shrink(&model.arena, extent, 960);
    assert_int_equal(pool__extent_size(extent), 960);
    assert_int_equal(model.arena.fresh, START + 960);
    pool__arena_free(&model.arena, extent);
    assert_whole(&model.arena);
    pool__arena_fini(&model.arena);
}

static void freeing_nothing_is_allowed(void **test)
{
    (void)test;
    struct model model;
    init(&model, 0);
    pool__arena_free(&model.arena, NULL);
    assert_whole(&model.arena);
    pool__arena_fini(&model.arena);
    pool__arena_fini(&model.arena);
}

/* ---- Which memory is used again ---- */

enum { PIECES = 200 };

/* Cuts the range into pieces of a grain, `count` in a row. */
static void cut(struct model *model, struct pool__extent **pieces, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        pieces[i] = pool__arena_alloc(&model->arena, GRAIN);
        assert_non_null(pieces[i]);
        assert_int_equal(pool__extent_offset(pieces[i]), START + i * GRAIN);
    }
}

static void the_latest_freed_is_used_first(void **test)
{
    (void)test;
    struct model model;
    struct pool__extent *pieces[8];
    init(&model, 0);
    cut(&model, pieces, COUNT(pieces));
    pool__arena_free(&model.arena, pieces[1]);
    pool__arena_free(&model.arena, pieces[5]);
    pool__arena_free(&model.arena, pieces[3]);
    static const uint64_t expected[] = {3, 5, 1, 8};
    for (size_t i = 0; i < COUNT(expected); i++)
        assert_int_equal(pool__extent_offset(pool__arena_alloc(&model.arena, GRAIN)),
                         START + expected[i] * GRAIN);
    pool__arena_fini(&model.arena);
}

static void neighbours_are_joined_in_any_order(void **test)
{
    (void)test;
    static const int orders[][3] = {{1, 2, 3}, {1, 3, 2}, {2, 1, 3},
                                    {2, 3, 1}, {3, 1, 2}, {3, 2, 1}};
    for (size_t i = 0; i < COUNT(orders); i++) {
        struct model model;
        struct pool__extent *pieces[5];
        init(&model, 0);
        cut(&model, pieces, COUNT(pieces));
        for (int k = 0; k < 3; k++)
            pool__arena_free(&model.arena, pieces[orders[i][k]]);
        struct pool__extent *joined = pool__arena_alloc(&model.arena, 3 * GRAIN);
        assert_int_equal(pool__extent_offset(joined), START + GRAIN);
        pool__arena_free(&model.arena, joined);
        pool__arena_free(&model.arena, pieces[4]);
        assert_int_equal(model.arena.fresh, START + GRAIN);
        pool__arena_free(&model.arena, pieces[0]);
        assert_whole(&model.arena);
        pool__arena_fini(&model.arena);
    }
}

/* More free pieces that are too small than an allocation looks at. */
static void a_gap_behind_many_small_ones_is_used_when_nothing_else_is_left(void **test)
{
    (void)test;
    struct model model;
    struct pool__extent *pieces[PIECES];
    init(&model, 0);
    cut(&model, pieces, PIECES);
    for (size_t i = 0; i < 4; i++) /* first of all, so it is the last in the list */
        pool__arena_free(&model.arena, pieces[i]);
    for (size_t i = 5; i < PIECES; i += 2)
        pool__arena_free(&model.arena, pieces[i]);
    struct pool__extent *rest =
        pool__arena_alloc(&model.arena, model.arena.end - model.arena.fresh);
    assert_non_null(rest);
    struct pool__extent *found = pool__arena_alloc(&model.arena, 4 * GRAIN);
    assert_non_null(found);
    assert_int_equal(pool__extent_offset(found), START);
    assert_null(pool__arena_alloc(&model.arena, 2 * GRAIN));
    pool__arena_fini(&model.arena);
}

/* ---- The peak ---- */

static void the_peak_is_the_highest_since_it_was_asked(void **test)
{
    (void)test;
    struct model model;
    init(&model, 0);
    assert_int_equal(pool__arena_peak(&model.arena), START);
    struct pool__extent *low = pool__arena_alloc(&model.arena, 1000);
    struct pool__extent *high = pool__arena_alloc(&model.arena, 5000);
    pool__arena_free(&model.arena, high);
    assert_int_equal(pool__arena_peak(&model.arena), START + 1024 + 5056);
    assert_int_equal(pool__arena_peak(&model.arena), START + 1024);
    high = pool__arena_alloc(&model.arena, 64);
    pool__arena_free(&model.arena, high);
    pool__arena_free(&model.arena, low);
    assert_int_equal(pool__arena_peak(&model.arena), START + 1024 + 64);
    assert_int_equal(pool__arena_peak(&model.arena), START);
    pool__arena_fini(&model.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_use_agrees_with_the_model),
        cmocka_unit_test(sizes_are_rounded_up_to_64),
        cmocka_unit_test(impossible_sizes_are_refused),
        cmocka_unit_test(the_whole_range_can_be_had_and_nothing_beside_it),
        cmocka_unit_test(shrinking_to_the_same_size_changes_nothing),
        cmocka_unit_test(freeing_nothing_is_allowed),
        cmocka_unit_test(the_latest_freed_is_used_first),
        cmocka_unit_test(neighbours_are_joined_in_any_order),
        cmocka_unit_test(a_gap_behind_many_small_ones_is_used_when_nothing_else_is_left),
        cmocka_unit_test(the_peak_is_the_highest_since_it_was_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
