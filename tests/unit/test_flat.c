/* Values of every kind go through the flat form and come back the same, whatever memory they get. */
#include "unit/flat_encode.h"
#include "unit/flat_make.h"
#include "unit/flat_same.h"

/* Packs a value and reads it back in every mode. `value` may be as large as `got`. */
static void round_trip(const pool_type_t *type, size_t size, const void *value)
{
    static _Alignas(16) unsigned char got[4096];
    struct flat_frame frame = flat_pack(type, size, value);
    const struct flat_code *code = flat_encode(type, size, value);
    assert_int_equal(frame.size, code->size);
    assert_memory_equal(frame.bytes, code->bytes, code->size);
    assert_true(size <= sizeof got);
    for (enum flat_mode mode = 0; mode < FLAT_MODES; mode++) {
        assert_int_equal(flat_unpack(frame, mode, type, size, got), 0);
        flat_walk(type, size, got);
        assert_true(flat_same(type, size, value, got));
        flat_drop(type, got);
    }
    flat_frame_free(&frame);
}

/* Reads the frame of a value; the caller looks at it, drops it and frees the frame. */
static struct flat_frame pass(enum flat_mode mode, const pool_type_t *type, const void *value,
                              void *got)
{
    struct flat_frame frame = flat_pack(type, type->size, value);
    assert_int_equal(flat_unpack(frame, mode, type, type->size, got), 0);
    flat_walk(type, type->size, got);
    return frame;
}

/* ---- Plain data ---- */

static void plain_data_of_every_size_takes_its_size(void **test)
{
    (void)test;
    unsigned char value[64], got[64];
    for (size_t size = 1; size <= sizeof value; size++) {
        for (size_t i = 0; i < size; i++)
            value[i] = (unsigned char)(size * 3 + i);
        struct flat_frame frame = flat_pack(&pool_type_plain, size, value);
        assert_int_equal(frame.size, size);
        assert_memory_equal(frame.bytes, value, size);
        flat_unpack(frame, FLAT_OWNED, &pool_type_plain, size, got);
        assert_int_equal(flat_account.made, 0);
        assert_memory_equal(got, value, size);
        flat_frame_free(&frame);
        round_trip(&pool_type_plain, size, value);
    }
}

/* Behind a single byte: where it starts tells its alignment. */
static void plain_members_are_aligned_to_what_divides_their_size(void **test)
{
    (void)test;
    unsigned char value[128] = {0xaa};
    memset(value + 64, 0xbb, 64);
    for (size_t size = 1; size <= 64; size++) {
        const pool_field_t fields[] = {
            {.name = "one", .type = &pool_type_plain, .size = 1, .count = 1},
            {.name = "other", .type = &pool_type_plain, .offset = 64, .size = size, .count = 1}};
        const pool_type_t type = {.kind = POOL_KIND_STRUCT,
                                  .size = sizeof value,
                                  .fields = fields,
                                  .field_count = COUNT(fields)};
        struct flat_frame frame = flat_pack(&type, sizeof value, value);
        size_t alignment = size % 16 == 0 ? 16 : size & -size;
        assert_int_equal(frame.size, alignment + size);
        for (size_t i = 1; i < frame.size; i++)
            assert_int_equal(frame.bytes[i], i < alignment ? 0 : 0xbb);
        flat_frame_free(&frame);
        round_trip(&type, sizeof value, value);
    }
}

static void numbers_of_all_sizes_come_back(void **test)
{
    (void)test;
    const struct flat_plain value = {.letter = 'x',
                                     .small = -2,
                                     .exact = 0.1L,
                                     .odd = {1, 2, 3},
                                     .lanes = {1, -2, 3, INT32_MIN},
                                     .number = -0.5};
    struct flat_plain got;
    struct flat_frame frame = pass(FLAT_IN_PLACE, &flat_plain_type, &value, &got);
    assert_true(got.letter == 'x' && got.small == -2 && got.exact == 0.1L && got.odd[2] == 3);
    assert_true(got.lanes[1] == -2 && got.lanes[3] == INT32_MIN && got.number == -0.5);
    flat_drop(&flat_plain_type, &got);
    flat_frame_free(&frame);
}

static void members_that_do_not_travel_arrive_as_zero(void **test)
{
    (void)test;
    struct flat_silent value = {.private = &value}, got;
    struct flat_frame frame = pass(FLAT_OWNED, &flat_silent_type, &value, &got);
    assert_null(got.private);
    assert_true(flat_same(&flat_silent_type, sizeof value, &value, &got));
    flat_frame_free(&frame);
}

/* ---- Texts and blobs ---- */

static void texts_of_every_length_come_back(void **test)
{
    (void)test;
    static char text[70000];
    char *value = NULL, *got;
    round_trip(&pool_type_text, sizeof value, &value);
    for (size_t length = 0; length < sizeof text; length += length < 300 ? 1 : 9973) {
        memset(text, 0xe4, length);
        text[length] = '\0';
        value = text;
        round_trip(&pool_type_text, sizeof value, &value);
        round_trip(&pool_type_const_text, sizeof value, &value);
    }
    for (enum flat_mode mode = 0; mode < FLAT_MODES; mode++) {
        struct flat_frame frame = pass(mode, &pool_type_text, &value, &got);
        assert_int_equal(flat_in_frame(got), mode == FLAT_IN_PLACE);
        assert_string_equal(got, text);
        flat_drop(&pool_type_text, &got);
        assert_int_equal(flat_account.given, 1);
        flat_frame_free(&frame);
    }
}

static void blobs_may_be_null_or_empty_or_lie_anywhere(void **test)
{
    (void)test;
    static _Alignas(16) unsigned char bytes[5000];
    pool_bytes_t value = {NULL, 0}, got;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i * 7);
    round_trip(&pool_type_bytes, sizeof value, &value);
    for (size_t at = 0; at <= 17; at++)
        for (size_t size = 0; size < sizeof bytes - at; size += size < 40 ? 1 : 997) {
            value = (pool_bytes_t){bytes + at, size};
            round_trip(&pool_type_bytes, sizeof value, &value);
        }
    for (enum flat_mode mode = 0; mode < FLAT_MODES; mode++) {
        value = (pool_bytes_t){bytes, 0};
        struct flat_frame frame = pass(mode, &pool_type_bytes, &value, &got);
        assert_non_null(got.data); /* empty is not NULL */
        flat_drop(&pool_type_bytes, &got);
        flat_frame_free(&frame);
    }
}

static void fixed_arrays_of_texts_and_blobs_come_back(void **test)
{
    (void)test;
    char title[] = "title", bytes[] = "0123456789";
    struct flat_arrays value = {
        .names = {"", NULL, "three"}, .title = title, .blobs = {{bytes + 1, 9}, {NULL, 0}}};
    struct flat_arrays got;
    for (enum flat_mode mode = 0; mode < FLAT_MODES; mode++) {
        struct flat_frame frame = pass(mode, &flat_arrays_type, &value, &got);
        assert_string_equal(got.names[0], "");
        assert_null(got.names[1]);
        assert_string_equal(got.names[2], "three");
        assert_memory_equal(got.blobs[0].data, "123456789", 9);
        assert_null(got.blobs[1].data);
        flat_drop(&flat_arrays_type, &got);
        assert_int_equal(flat_account.given, 4);
        flat_frame_free(&frame);
    }
    round_trip(&flat_arrays_type, sizeof value, &value);
}

/* ---- Counted arrays ---- */

/* An array counted by a member of any width. */
struct counted {
    void *elements;
    uint64_t count;
};

static void try_count(const pool_type_t *element, size_t size, size_t width, bool with_sign,
                      uint64_t count)
{
    static _Alignas(16) unsigned char ground[70000 * 3];
    const pool_field_t field = {.name = "elements",
                                .type = element,
                                .size = size,
                                .count_offset = offsetof(struct counted, count),
                                .count_size = width,
                                .count_signed = with_sign};
    const pool_type_t type = {.kind = POOL_KIND_STRUCT,
                              .size = sizeof(struct counted),
                              .fields = &field,
                              .field_count = 1};
    struct counted value = {ground, count}, got;
    memset(ground, element->kind == POOL_KIND_PLAIN ? 0x5a : 0, sizeof ground);
    assert_true(count * size <= sizeof ground);
    round_trip(&type, sizeof value, &value);
    struct flat_frame frame = pass(FLAT_OWNED, &type, &value, &got);
    assert_true(got.count == count && !got.elements == !count);
    flat_drop(&type, &got);
    flat_frame_free(&frame);
}

static void counts_of_every_width_count(void **test)
{
    (void)test;
    static const uint64_t counts[] = {0, 1, 2, 127, 128, 255, 256, 1000, 32767, 32768, 65535};
    for (size_t width = 1; width <= 8; width *= 2)
        for (int with_sign = 0; with_sign < 2; with_sign++)
            for (size_t i = 0; i < COUNT(counts); i++) {
                uint64_t count = counts[i];
                if (width <= 2 && count >> (8 * width - (size_t)with_sign))
                    continue;
                try_count(&pool_type_plain, 3, width, with_sign, count);
                if (count > 1000)
                    continue;
                try_count(&pool_type_text, sizeof(char *), width, with_sign, count);
                try_count(&pool_type_bytes, sizeof(pool_bytes_t), width, with_sign, count);
                try_count(&flat_page_type, sizeof(struct flat_page), width, with_sign, count);
            }
}

static void a_count_of_zero_makes_the_pointer_null(void **test)
{
    (void)test;
    char *key = NULL;
    double number = 1;
    struct flat_pairs value = {.keys = &key, .values = &number}, got;
    struct flat_frame frame = pass(FLAT_OWNED, &flat_pairs_type, &value, &got);
    assert_null(got.keys);
    assert_null(got.values);
    assert_int_equal(flat_account.made, 0);
    flat_frame_free(&frame);
}

static void arrays_may_be_counted_by_the_same_member(void **test)
{
    (void)test;
    char one[] = "one", two[] = "two";
    char *keys[] = {one, two};
    double values[] = {1.5, -2.5};
    struct flat_page pages[] = {{.title = two}, {.weights = {3}}};
    struct flat_pairs value = {2, keys, values, pages}, got;
    for (enum flat_mode mode = 0; mode < FLAT_MODES; mode++) {
        struct flat_frame frame = pass(mode, &flat_pairs_type, &value, &got);
        assert_int_equal(got.n, 2);
        assert_string_equal(got.keys[1], "two");
        assert_true(got.values[1] == -2.5 && got.pages[1].weights[0] == 3);
        assert_string_equal(got.pages[0].title, "two");
        flat_drop(&flat_pairs_type, &got);
        assert_int_equal(flat_account.given, 6);
        flat_frame_free(&frame);
    }
}

/* ---- In place ---- */

static void payloads_in_place_lie_in_the_frame(void **test)
{
    (void)test;
    char text[] = "text", bytes[] = "bytes";
    struct flat_point points[] = {{1, 2}, {3, 4}};
    struct flat_page value = {
        .title = text, .n = 2, .points = points, .image = {bytes, sizeof bytes}};
    struct flat_page got;
    struct flat_frame frame = pass(FLAT_IN_PLACE, &flat_page_type, &value, &got);
    assert_true(flat_in_frame(got.title));
    assert_true(flat_in_frame(got.image.data) && (uintptr_t)got.image.data % 16 == 0);
    assert_int_equal(flat_account.made, 1); /* points have fields */
    assert_true(got.points[1].y == 4);
    flat_drop(&flat_page_type, &got);
    assert_int_equal(flat_account.given, 3);
    assert_int_equal(flat_account.in_place, 2);
    flat_frame_free(&frame);
}

static void payloads_are_copied_by_the_function_for_it(void **test)
{
    (void)test;
    static double numbers[1000];
    char *keys[] = {(char[]){"one"}, (char[]){"two"}, NULL};
    struct flat_page pages[3] = {{.image = {numbers, sizeof numbers}}, {.image = {numbers, 0}}};
    struct flat_pairs value = {.n = 3, .keys = keys, .values = numbers, .pages = pages}, got;
    for (enum flat_mode mode = 0; mode < FLAT_MODES; mode++) {
        struct flat_frame frame = pass(mode, &flat_pairs_type, &value, &got);
        assert_int_equal(flat_account.copied, mode == FLAT_COPIED ? 4 : 0);
        flat_drop(&flat_pairs_type, &got);
        flat_frame_free(&frame);
    }
}

/* Each counted by a member of another width; flat_walk() checks the alignment. */
static void plain_arrays_in_place_are_aligned(void **test)
{
    (void)test;
    static _Alignas(16) unsigned char ground[4096];
    for (uint8_t n = 1; n < 20; n++) {
        struct flat_counts value = {.one = ground,
                                    .u1 = n,
                                    .two = (void *)ground,
                                    .u2 = 3,
                                    .four = (void *)ground,
                                    .u4 = n,
                                    .eight = (void *)ground,
                                    .u8 = 1,
                                    .small = (void *)ground,
                                    .s1 = (int8_t)n,
                                    .huge = (void *)ground,
                                    .s8 = n};
        struct flat_counts got;
        struct flat_frame frame = pass(FLAT_IN_PLACE, &flat_counts_type, &value, &got);
        assert_int_equal(flat_account.made, 0);
        assert_int_equal((uintptr_t)got.eight % _Alignof(long double), 0);
        assert_int_equal((uintptr_t)got.small % _Alignof(flat_lanes), 0);
        flat_drop(&flat_counts_type, &got);
        assert_int_equal(flat_account.in_place, 6);
        flat_frame_free(&frame);
        round_trip(&flat_counts_type, sizeof value, &value);
    }
}

/* ---- All types ---- */

struct path {
    struct flat_point points[2], last;
    int steps;
};
POOL_STRUCT(path, (points, array_of, &flat_point_type), (last, as, &flat_point_type), (steps));

static void a_struct_is_plain_if_all_its_members_are(void **test)
{
    (void)test;
    static const pool_type_t *const others[] = {
        &pool_type_text,  &pool_type_const_text, &pool_type_bytes,   &flat_page_type,
        &flat_nest1_type, &flat_rung_type,       &flat_counts_type,  &flat_tree_type,
        &flat_wide_type,  &flat_chain_type,      &flat_variant_type, &flat_holder_type};
    assert_true(pool__type_plain(&pool_type_plain));
    assert_true(pool__type_plain(&flat_plain_type));
    assert_true(pool__type_plain(&path_type));
    for (size_t i = 0; i < COUNT(others); i++)
        assert_false(pool__type_plain(others[i]));
}

static void random_values_of_all_types_come_back(void **test)
{
    (void)test;
    uint64_t seed = 7;
    for (size_t i = 0; i < FLAT_KINDS; i++)
        for (int round = 0; round < 100; round++)
            round_trip(flat_kinds[i].type, flat_kinds[i].size,
                       flat_make(&seed, flat_kinds[i].type, flat_kinds[i].size));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_data_of_every_size_takes_its_size),
        cmocka_unit_test(plain_members_are_aligned_to_what_divides_their_size),
        cmocka_unit_test(numbers_of_all_sizes_come_back),
        cmocka_unit_test(members_that_do_not_travel_arrive_as_zero),
        cmocka_unit_test(texts_of_every_length_come_back),
        cmocka_unit_test(blobs_may_be_null_or_empty_or_lie_anywhere),
        cmocka_unit_test(fixed_arrays_of_texts_and_blobs_come_back),
        cmocka_unit_test(counts_of_every_width_count),
        cmocka_unit_test(a_count_of_zero_makes_the_pointer_null),
        cmocka_unit_test(arrays_may_be_counted_by_the_same_member),
        cmocka_unit_test(payloads_in_place_lie_in_the_frame),
        cmocka_unit_test(payloads_are_copied_by_the_function_for_it),
        cmocka_unit_test(plain_arrays_in_place_are_aligned),
        cmocka_unit_test(a_struct_is_plain_if_all_its_members_are),
        cmocka_unit_test(random_values_of_all_types_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
