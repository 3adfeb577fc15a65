/* Types with functions of their own: what the functions say is passed on, what they leave behind is
 * released, and the library's functions that they call refuse nonsense. */
#include <errno.h>

#include "unit/flat_make.h"
#include "unit/flat_same.h"

/* ---- A type whose functions fail when they are told to ---- */

/* A number and a piece of memory. */
struct fragile {
    uint64_t number;
    void *piece;
};

static int packed, unpacked, released; /* calls */
static int failing_pack, failing_unpack, failure;

static int fragile_pack(const void *value, pool_writer_t *writer)
{
    const struct fragile *fragile = value;
    if (++packed == failing_pack)
        return failure;
    return pool_write_u64(writer, fragile->number);
}

/* Fails with its piece already there. */
static int fragile_unpack(void *value, pool_reader_t *reader)
{
    struct fragile *fragile = value;
    assert_int_equal(fragile->number, 0);
    assert_null(fragile->piece);
    if (!(fragile->piece = pool_read_alloc(reader, 0)))
        return -ENOMEM;
    if (++unpacked == failing_unpack)
        return failure;
    return pool_read_u64(reader, &fragile->number);
}

static void fragile_release(void *value)
{
    struct fragile *fragile = value;
    released++;
    if (fragile->piece)
        flat_give_back(NULL, fragile->piece);
}

static const pool_type_t fragile_type = {.name = "fragile",
                                         .kind = POOL_KIND_CUSTOM,
                                         .size = sizeof(struct fragile),
                                         .pack = fragile_pack,
                                         .unpack = fragile_unpack,
                                         .release = fragile_release};

struct box {
    struct fragile pair[2];
    char *text;
    uint8_t n;
    struct fragile *more;
};
POOL_STRUCT(box, (pair, array_of, &fragile_type), (text), (n),
            (more, counted_by, n, &fragile_type));

static struct fragile more[] = {{3, NULL}, {4, NULL}, {5, NULL}};
static char text[] = "text";
static const struct box full = {{{1, NULL}, {2, NULL}}, text, 3, more};
enum { PARTS = 5 };

static int forget(void **test)
{
    (void)test;
    packed = unpacked = released = failing_pack = failing_unpack = failure = 0;
    flat_refuse = 0;
    return 0;
}

static int unpack_box(struct flat_frame frame, enum flat_mode mode, struct box *got)
{
    forget(NULL);
    return flat_unpack(frame, mode, &box_type, sizeof *got, got);
}

/* ---- Tests ---- */

static void custom_members_come_back_and_are_released(void **test)
{
    (void)test;
    struct flat_frame frame = flat_pack(&box_type, sizeof full, &full);
    struct box got;
    for (enum flat_mode mode = 0; mode < FLAT_MODES; mode++) {
        assert_int_equal(unpack_box(frame, mode, &got), 0);
        assert_int_equal(unpacked, PARTS);
        assert_true(got.pair[1].number == 2 && got.more[2].number == 5);
        assert_string_equal(got.text, "text");
        flat_drop(&box_type, &got);
        assert_int_equal(released, PARTS);
    }
    flat_frame_free(&frame);
}

static void what_pack_says_is_passed_on(void **test)
{
    (void)test;
    static const int failures[] = {-EINVAL, -4711, 7};
    for (size_t i = 0; i < COUNT(failures); i++)
        for (int call = 1; call <= PARTS; call++) {
            struct pool_writer writer = {.room = 0};
            forget(NULL);
            failing_pack = call;
            failure = failures[i];
            assert_int_equal(pool__pack(&writer, &box_type, sizeof full, &full), failure);
            assert_int_equal(packed, call); /* and nothing behind it is tried */
            assert_int_equal(writer.depth, 0);
        }
}

static void what_unpack_says_is_passed_on_and_all_is_released(void **test)
{
    (void)test;
    static const int failures[] = {-EINVAL, -4711, 7};
    struct flat_frame frame = flat_pack(&box_type, sizeof full, &full);
    struct box got;
    for (size_t i = 0; i < COUNT(failures); i++)
        for (int call = 1; call <= PARTS; call++)
            for (enum flat_mode mode = 0; mode < FLAT_MODES; mode++) {
                forget(NULL);
                failing_unpack = call;
                failure = failures[i];
                assert_int_equal(flat_unpack(frame, mode, &box_type, sizeof got, &got), failure);
                assert_int_equal(unpacked, call);
                flat_drop(&box_type, &got);
                assert_int_equal(released, call <= 2 ? 2 : PARTS);
            }
    flat_frame_free(&frame);
}

static void memory_that_is_not_there_is_no_leak(void **test)
{
    (void)test;
    struct flat_frame frame = flat_pack(&box_type, sizeof full, &full);
    struct box got;
    for (enum flat_mode mode = 0; mode < FLAT_MODES; mode++) {
        assert_int_equal(unpack_box(frame, mode, &got), 0);
        size_t pieces = flat_account.made;
        flat_drop(&box_type, &got);
        for (size_t piece = 1; piece <= pieces; piece++) {
            forget(NULL);
            flat_refuse = piece;
            assert_int_equal(flat_unpack(frame, mode, &box_type, sizeof got, &got), -ENOMEM);
            flat_drop(&box_type, &got);
        }
    }
    flat_frame_free(&frame);
}

static void a_type_may_be_without_release(void **test)
{
    (void)test;
    static const struct fragile value = {9, NULL};
    pool_type_t type = fragile_type;
    struct fragile got;
    type.release = NULL;
    struct flat_frame frame = flat_pack(&type, sizeof value, &value);
    assert_int_equal(flat_unpack(frame, FLAT_OWNED, &type, sizeof got, &got), 0);
    assert_int_equal(flat_account.live, 1);
    flat_give_back(NULL, got.piece);
    flat_drop(&type, &got);
    assert_int_equal(released, 0);
    flat_frame_free(&frame);
}

static void lists_and_variants_come_back(void **test)
{
    (void)test;
    char one[] = "one";
    unsigned char raw[] = {1, 2, 3};
    struct flat_link last = {NULL, UINT64_MAX, one}, first = {&last, 1, NULL};
    struct flat_variant list[] = {{FLAT_NUMBER, 7, {NULL}},
                                  {FLAT_TEXT, 0, {.text = one}},
                                  {FLAT_RAW, 3, {.raw = raw}},
                                  {FLAT_NOTHING, 0, {NULL}}};
    struct flat_holder value = {.chains = {{&first}, {NULL}},
                                .n = 2,
                                .one = {FLAT_LIST, 4, {.list = list}},
                                .more = list,
                                .text = one};
    struct flat_holder got;
    struct flat_frame frame = flat_pack(&flat_holder_type, sizeof value, &value);
    for (enum flat_mode mode = 0; mode < FLAT_MODES; mode++) {
        assert_int_equal(flat_unpack(frame, mode, &flat_holder_type, sizeof got, &got), 0);
        flat_walk(&flat_holder_type, sizeof got, &got);
        assert_true(got.chains[0].first->next->number == UINT64_MAX);
        assert_string_equal(got.chains[0].first->next->text, "one");
        assert_memory_equal(got.one.list[2].raw, raw, sizeof raw);
        assert_true(flat_same(&flat_holder_type, sizeof got, &value, &got));
        flat_drop(&flat_holder_type, &got);
    }
    flat_frame_free(&frame);
}

/* ---- The functions that custom ones call ---- */

static void reading_takes_arguments_that_make_sense(void **test)
{
    (void)test;
    static const struct pool__memory memory = {flat_alloc, NULL, &flat_account, false};
    static const uint64_t numbers[] = {1, 0};
    struct pool_reader reader = {
        .base = (const void *)numbers, .size = sizeof numbers, .memory = &memory};
    uint64_t number;
    assert_int_equal(pool_read(NULL, &number, 1), -EINVAL);
    assert_int_equal(pool_read(&reader, NULL, 1), -EINVAL);
    assert_int_equal(pool_read(&reader, NULL, 0), 0);
    assert_int_equal(pool_read_u64(NULL, &number), -EINVAL);
    assert_int_equal(pool_read_u64(&reader, NULL), -EINVAL);
    assert_int_equal(pool_read_value(NULL, &pool_type_text, &number), -EINVAL);
    assert_int_equal(pool_read_value(&reader, NULL, &number), -EINVAL);
    assert_int_equal(pool_read_value(&reader, &pool_type_text, NULL), -EINVAL);
    assert_int_equal(pool_read_value(&reader, &pool_type_plain, &number), -EINVAL);
    assert_int_equal(pool_read_left(NULL), 0);
    assert_null(pool_read_alloc(NULL, 1));
    assert_int_equal(pool_read_left(&reader), sizeof numbers);
}

static void reading_ends_where_the_frame_ends(void **test)
{
    (void)test;
    static const uint64_t numbers[] = {0x1122334455667788, 42, 99};
    struct pool_reader reader = {.base = (const void *)numbers, .size = 20};
    unsigned char bytes[24];
    uint64_t number = 0;
    assert_int_equal(pool_read(&reader, bytes, 3), 0);
    assert_memory_equal(bytes, "\x88\x77\x66", 3);
    assert_int_equal(pool_read(&reader, bytes, 2), 0); /* bytes are not aligned */
    assert_memory_equal(bytes, "\x55\x44", 2);
    assert_int_equal(pool_read_left(&reader), 15);
    assert_int_equal(pool_read_u64(&reader, &number), 0); /* the next that is aligned */
    assert_int_equal(number, 42);
    assert_int_equal(pool_read_left(&reader), 4);
    assert_int_equal(pool_read_u64(&reader, &number), -EBADMSG);
    assert_int_equal(pool_read(&reader, bytes, 5), -EBADMSG);
    assert_int_equal(pool_read(&reader, bytes, SIZE_MAX), -EBADMSG);
    assert_int_equal(number, 42);
    assert_int_equal(pool_read_left(&reader), 4); /* what cannot be read is not consumed */
    assert_int_equal(pool_read(&reader, bytes, 4), 0);
    assert_int_equal(pool_read_left(&reader), 0);
}

/* The memory that a value is read into need not be zero. */
static void reading_a_value_zeroes_it_first(void **test)
{
    (void)test;
    static const struct pool__memory memory = {flat_alloc, NULL, &flat_account, false};
    static const uint64_t null = 0;
    struct pool_reader reader = {.base = (const void *)&null, .size = 8, .memory = &memory};
    char *got = text;
    assert_int_equal(pool_read_value(&reader, &pool_type_text, &got), 0);
    assert_null(got);
    got = text;
    assert_int_equal(pool_read_value(&reader, &pool_type_text, &got), -EBADMSG);
    assert_null(got);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(custom_members_come_back_and_are_released, forget),
        cmocka_unit_test_setup(what_pack_says_is_passed_on, forget),
        cmocka_unit_test_setup(what_unpack_says_is_passed_on_and_all_is_released, forget),
        cmocka_unit_test_setup(memory_that_is_not_there_is_no_leak, forget),
        cmocka_unit_test_setup(a_type_may_be_without_release, forget),
        cmocka_unit_test_setup(lists_and_variants_come_back, forget),
        cmocka_unit_test_setup(reading_takes_arguments_that_make_sense, forget),
        cmocka_unit_test_setup(reading_ends_where_the_frame_ends, forget),
        cmocka_unit_test_setup(reading_a_value_zeroes_it_first, forget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
