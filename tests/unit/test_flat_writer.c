/* The writer counts what it has no room for, writes nowhere else, and refuses what makes no sense;
 * and values that are too deep, in both directions. */
#include <errno.h>

#include "unit/flat_make.h"

static int code_of(const pool_type_t *type, const void *value)
{
    struct flat_frame frame = {NULL, 0};
    int error = flat_try_pack(type, type->size, value, &frame);
    flat_frame_free(&frame);
    return error;
}

/* ---- Room ---- */

enum { UNTOUCHED = 0xee, BEHIND = 32 };

/* Packs into the first `room` bytes of `buffer`, which has `size`, and sees what happens to them. */
static void try_room(const struct flat_kind *kind, const void *value, struct flat_frame whole,
                     size_t room)
{
    static unsigned char buffer[65536];
    struct pool_writer writer = {.base = buffer, .room = room};
    size_t same = 0;
    assert_true(whole.size + BEHIND <= sizeof buffer);
    memset(buffer, UNTOUCHED, whole.size + BEHIND);
    assert_int_equal(pool__pack(&writer, kind->type, kind->size, value), 0);
    assert_int_equal(writer.used, whole.size);
    size_t end = room < whole.size ? room : whole.size;
    for (size_t i = end; i < whole.size + BEHIND; i++)
        assert_int_equal(buffer[i], UNTOUCHED);
    while (same < end && buffer[same] == whole.bytes[same])
        same++;
    for (; same < end; same++) /* what did not fit was not begun, nor what comes behind it */
        assert_int_equal(buffer[same], UNTOUCHED);
}

static void whatever_the_room_the_need_is_the_same(void **test)
{
    (void)test;
    uint64_t seed = 3;
    for (size_t i = 0; i < FLAT_KINDS; i++)
        for (int round = 0; round < 3; round++) {
            const struct flat_kind *kind = &flat_kinds[i];
            const void *value = flat_make(&seed, kind->type, kind->size);
            struct flat_frame whole = flat_pack(kind->type, kind->size, value);
            size_t step = whole.size > 500 ? 37 : 1;
            for (size_t room = 0; room < whole.size; room += step)
                try_room(kind, value, whole, room);
            for (size_t room = whole.size; room <= whole.size + BEHIND; room++)
                try_room(kind, value, whole, room);
            flat_frame_free(&whole);
        }
}

static void gaps_are_zero(void **test)
{
    (void)test;
    uint64_t seed = 4;
    for (size_t i = 0; i < FLAT_KINDS; i++) {
        static unsigned char buffer[65536];
        const struct flat_kind *kind = &flat_kinds[i];
        const void *value = flat_make(&seed, kind->type, kind->size);
        struct flat_frame whole = flat_pack(kind->type, kind->size, value); /* over 0xff */
        struct pool_writer writer = {.base = buffer, .room = sizeof buffer};
        memset(buffer, 0, sizeof buffer);
        assert_int_equal(pool__pack(&writer, kind->type, kind->size, value), 0);
        assert_memory_equal(buffer, whole.bytes, whole.size);
        flat_frame_free(&whole);
    }
}

/* A need beyond all numbers is not one that wraps around to a small one. */
static void a_need_that_overflows_stays_large(void **test)
{
    (void)test;
    static unsigned char buffer[64];
    struct pool_writer writer = {.base = buffer, .room = sizeof buffer, .used = 8};
    assert_int_equal(pool_write(&writer, buffer, SIZE_MAX - 4), 0);
    assert_true(writer.used == UINT64_MAX);
    assert_int_equal(pool_write_u64(&writer, 1), 0);
    assert_int_equal(pool_write(&writer, buffer, 16), 0);
    assert_true(writer.used == UINT64_MAX);
    for (size_t i = 0; i < sizeof buffer; i++)
        assert_int_equal(buffer[i], 0);
}

/* ---- Values that make no sense ---- */

static void a_negative_count_is_refused(void **test)
{
    (void)test;
    flat_lanes lanes;
    struct flat_plain plain;
    struct flat_point point;
    int64_t number;
    struct flat_counts value = {
        .small = &lanes, .medium = &plain, .large = &point, .huge = &number};
    memset(&lanes, 0, sizeof lanes);
    memset(&plain, 0, sizeof plain);
    memset(&point, 0, sizeof point);
    number = 0;
    assert_int_equal(code_of(&flat_counts_type, &value), 0);
    value.s1 = -1;
    assert_int_equal(code_of(&flat_counts_type, &value), -EINVAL);
    value.s1 = 0, value.s2 = INT16_MIN;
    assert_int_equal(code_of(&flat_counts_type, &value), -EINVAL);
    value.s2 = 0, value.s4 = -1;
    assert_int_equal(code_of(&flat_counts_type, &value), -EINVAL);
    value.s4 = 0, value.s8 = INT64_MIN;
    assert_int_equal(code_of(&flat_counts_type, &value), -EINVAL);
    value.s8 = 0, value.s1 = 1;
    assert_int_equal(code_of(&flat_counts_type, &value), 0);
}

static void null_with_a_count_is_refused(void **test)
{
    (void)test;
    char *key = NULL;
    struct flat_pairs pairs = {.n = 1, .keys = &key};
    struct flat_page page = {.n = 3};
    struct flat_lists lists = {.m = 1};
    assert_int_equal(code_of(&flat_pairs_type, &pairs), -EINVAL);
    assert_int_equal(code_of(&flat_page_type, &page), -EINVAL);
    assert_int_equal(code_of(&flat_lists_type, &lists), -EINVAL);
    struct flat_page pages[] = {{.n = 0}, page};
    lists = (struct flat_lists){.n = 2, .names = (char *[]){key, key}, .pages = pages};
    assert_int_equal(code_of(&flat_lists_type, &lists), -EINVAL); /* in an element */
}

static void a_blob_that_is_null_with_a_size_is_refused(void **test)
{
    (void)test;
    pool_bytes_t blob = {NULL, 1};
    struct flat_arrays arrays = {.blobs = {{NULL, 0}, blob}};
    assert_int_equal(code_of(&pool_type_bytes, &blob), -EINVAL);
    assert_int_equal(code_of(&flat_arrays_type, &arrays), -EINVAL);
}

static void more_bytes_than_there_can_be_are_refused(void **test)
{
    (void)test;
    long double number = 0;
    struct flat_counts value = {.eight = &number, .u8 = UINT64_MAX / 16 + 2};
    assert_int_equal(code_of(&flat_counts_type, &value), -EINVAL);
}

static void writing_takes_arguments_that_make_sense(void **test)
{
    (void)test;
    char *text = NULL;
    struct pool_writer writer = {.room = 0};
    assert_int_equal(pool_write(NULL, "x", 1), -EINVAL);
    assert_int_equal(pool_write(&writer, NULL, 1), -EINVAL);
    assert_int_equal(pool_write(&writer, NULL, 0), 0);
    assert_int_equal(pool_write_u64(NULL, 1), -EINVAL);
    assert_int_equal(pool_write_value(NULL, &pool_type_text, &text), -EINVAL);
    assert_int_equal(pool_write_value(&writer, NULL, &text), -EINVAL);
    assert_int_equal(pool_write_value(&writer, &pool_type_text, NULL), -EINVAL);
    assert_int_equal(pool_write_value(&writer, &pool_type_plain, &text), -EINVAL); /* no size */
    assert_true(writer.used == 0);
    assert_int_equal(pool_write_value(&writer, &pool_type_text, &text), 0);
    assert_true(writer.used == 8);
}

/* ---- Depth ---- */

/* Rungs that hang one below the other. */
static struct flat_rung *ladder(size_t levels)
{
    static struct flat_rung rungs[POOL__DEPTH + 8];
    memset(rungs, 0, sizeof rungs);
    for (size_t i = 0; i + 1 < levels; i++)
        rungs[i] = (struct flat_rung){1, &rungs[i + 1]};
    return rungs;
}

static size_t height(const struct flat_rung *rung)
{
    size_t levels = 0;
    for (; rung; rung = rung->next)
        levels++;
    return levels;
}

static void values_may_be_64_levels_deep(void **test)
{
    (void)test;
    struct flat_rung got;
    for (size_t levels = 1; levels <= POOL__DEPTH; levels++) {
        struct flat_frame frame = flat_pack(&flat_rung_type, sizeof got, ladder(levels));
        for (enum flat_mode mode = 0; mode < FLAT_MODES; mode++) {
            assert_int_equal(flat_unpack(frame, mode, &flat_rung_type, sizeof got, &got), 0);
            flat_walk(&flat_rung_type, sizeof got, &got);
            assert_int_equal(height(&got), levels);
            assert_int_equal(flat_account.made, levels - 1);
            flat_drop(&flat_rung_type, &got);
        }
        flat_frame_free(&frame);
    }
    for (size_t levels = POOL__DEPTH + 1; levels <= POOL__DEPTH + 8; levels++)
        assert_int_equal(code_of(&flat_rung_type, ladder(levels)), -ELOOP);
}

/* A rung is a byte, and the number of rungs below. */
static void frames_deeper_than_64_levels_are_refused(void **test)
{
    (void)test;
    uint64_t numbers[2 * (POOL__DEPTH + 2)] = {0};
    struct flat_rung got;
    for (size_t levels = POOL__DEPTH; levels <= POOL__DEPTH + 2; levels++) {
        for (size_t i = 0; i < 2 * levels; i++)
            numbers[i] = i < 2 * (levels - 1);
        struct flat_frame frame = flat_frame_of(numbers, 16 * levels);
        int expected = levels > POOL__DEPTH ? -ELOOP : 0;
        for (enum flat_mode mode = 0; mode < FLAT_MODES; mode++) {
            int error = flat_unpack(frame, mode, &flat_rung_type, sizeof got, &got);
            assert_int_equal(error, expected);
            assert_true(flat_account.live >= POOL__DEPTH - 1);
            flat_drop(&flat_rung_type, &got);
        }
        flat_frame_free(&frame);
    }
}

/* A text is a level of its own; and the branches of a tree are not added up. */
static void trees_are_as_deep_as_their_deepest_branch(void **test)
{
    (void)test;
    static struct flat_tree nodes[POOL__DEPTH + 1];
    for (size_t levels = 2; levels <= POOL__DEPTH + 1; levels++) {
        memset(nodes, 0, sizeof nodes);
        for (size_t i = 0; i + 1 < levels; i++)
            nodes[i] = (struct flat_tree){.n = 1, .children = &nodes[i + 1]};
        assert_int_equal(code_of(&flat_tree_type, nodes), levels < POOL__DEPTH ? 0 : -ELOOP);
    }
    struct flat_tree leaves[500] = {{.id = 1}}, root = {.n = 500, .children = leaves};
    assert_int_equal(code_of(&flat_tree_type, &root), 0);
}

/* Levels that functions of the user's make count as well. */
static void custom_values_have_levels_too(void **test)
{
    (void)test;
    static struct flat_variant variants[POOL__DEPTH + 1];
    for (size_t levels = 1; levels <= POOL__DEPTH + 1; levels++) {
        memset(variants, 0, sizeof variants);
        for (size_t i = 0; i + 1 < levels; i++)
            variants[i] = (struct flat_variant){FLAT_LIST, 1, {.list = &variants[i + 1]}};
        assert_int_equal(code_of(&flat_variant_type, variants), levels > POOL__DEPTH ? -ELOOP : 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_the_room_the_need_is_the_same),
        cmocka_unit_test(gaps_are_zero),
        cmocka_unit_test(a_need_that_overflows_stays_large),
        cmocka_unit_test(a_negative_count_is_refused),
        cmocka_unit_test(null_with_a_count_is_refused),
        cmocka_unit_test(a_blob_that_is_null_with_a_size_is_refused),
        cmocka_unit_test(more_bytes_than_there_can_be_are_refused),
        cmocka_unit_test(writing_takes_arguments_that_make_sense),
        cmocka_unit_test(values_may_be_64_levels_deep),
        cmocka_unit_test(frames_deeper_than_64_levels_are_refused),
        cmocka_unit_test(trees_are_as_deep_as_their_deepest_branch),
        cmocka_unit_test(custom_values_have_levels_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
