/* Frames that a wild write, or malice, has changed: the reader refuses them or makes a value of them
 * that can be walked, and either way everything it allocated is given back. Frames are of exactly
 * their size, so that the tools see a step outside. */
#include <errno.h>

#include "support/deadline.h"
#include "unit/flat_make.h"

static size_t accepted, refused;

/* Returns what the reader said in all modes. */
static int try_frame(const struct flat_kind *kind, struct flat_frame frame)
{
    static _Alignas(16) unsigned char value[FLAT_LARGEST];
    int errors[FLAT_MODES];
    for (enum flat_mode mode = 0; mode < FLAT_MODES; mode++) {
        errors[mode] = flat_unpack(frame, mode, kind->type, kind->size, value);
        assert_true(errors[mode] <= 0);
        assert_int_equal(errors[mode], errors[0]);
        if (errors[mode] == 0)
            flat_walk(kind->type, kind->size, value);
        flat_drop(kind->type, value);
    }
    accepted += errors[0] == 0;
    refused += errors[0] < 0;
    return errors[0];
}

/* ---- For each type, with some of its values ---- */

typedef void damage(const struct flat_kind *kind, struct flat_frame frame);

static void for_all(damage *function, int rounds)
{
    uint64_t seed = 11;
    accepted = refused = 0;
    for (size_t i = 0; i < FLAT_KINDS; i++)
        for (int round = 0; round < (deadline_valgrind() ? 1 : rounds); round++) {
            const struct flat_kind *kind = &flat_kinds[i];
            const void *value = flat_make(&seed, kind->type, kind->size);
            struct flat_frame frame = flat_pack(kind->type, kind->size, value);
            assert_int_equal(try_frame(kind, frame), 0);
            function(kind, frame);
            flat_frame_free(&frame);
        }
}

static void truncate_everywhere(const struct flat_kind *kind, struct flat_frame frame)
{
    for (size_t size = 0; size < frame.size; size++) {
        struct flat_frame part = flat_frame_of(frame.bytes, size);
        assert_true(try_frame(kind, part) < 0);
        flat_frame_free(&part);
    }
}

static void truncated_frames_are_refused(void **test)
{
    (void)test;
    for_all(truncate_everywhere, 5);
}

static void change_every_byte(const struct flat_kind *kind, struct flat_frame frame)
{
    for (size_t i = 0; i < frame.size; i++) {
        unsigned char byte = frame.bytes[i];
        const unsigned char others[] = {0x00, 0xff, byte ^ 0x80, byte ^ 0x01};
        for (size_t n = 0; n < COUNT(others); n++) {
            frame.bytes[i] = others[n];
            try_frame(kind, frame);
        }
        frame.bytes[i] = byte;
    }
}

static void changed_bytes_do_no_harm(void **test)
{
    (void)test;
    for_all(change_every_byte, 5);
    assert_true(accepted > 0 && refused > 0);
}

static void change_every_number(const struct flat_kind *kind, struct flat_frame frame)
{
    static const uint64_t numbers[] = {0,
                                       1,
                                       2,
                                       127,
                                       128,
                                       200,
                                       255,
                                       256,
                                       65535,
                                       65536,
                                       (1u << 31),
                                       (1ull << 32),
                                       1ull << 60,
                                       1ull << 61,
                                       1ull << 63,
                                       UINT64_MAX,
                                       UINT64_MAX - 1,
                                       UINT64_MAX - 15};
    for (size_t at = 0; at + 8 <= frame.size; at += 8) {
        uint64_t number, neighbours[2];
        memcpy(&number, frame.bytes + at, sizeof number);
        for (size_t n = 0; n < COUNT(numbers); n++) {
            memcpy(frame.bytes + at, &numbers[n], sizeof number);
            try_frame(kind, frame);
        }
        neighbours[0] = number - 1;
        neighbours[1] = number + 1;
        for (size_t n = 0; n < COUNT(neighbours); n++) {
            memcpy(frame.bytes + at, &neighbours[n], sizeof number);
            try_frame(kind, frame);
        }
        memcpy(frame.bytes + at, &number, sizeof number);
    }
}

static void changed_numbers_do_no_harm(void **test)
{
    (void)test;
    for_all(change_every_number, 5);
    assert_true(accepted > 0 && refused > 0);
}

/* In longer frames, too: what a number grows by may be there. */
static void change_numbers_with_more_behind(const struct flat_kind *kind, struct flat_frame frame)
{
    static unsigned char bytes[1 << 17];
    const size_t step = deadline_valgrind() ? 72 : 8;
    struct flat_frame longer;
    for (int fill = 0; fill < 2; fill++) {
        memset(bytes, fill, frame.size + 4096);
        memcpy(bytes, frame.bytes, frame.size);
        longer = flat_frame_of(bytes, frame.size + 4096);
        assert_int_equal(try_frame(kind, longer), 0);
        for (size_t at = 0; at + 8 <= frame.size; at += step) {
            uint64_t number, some[] = {100, 200, 300, 3000};
            memcpy(&number, longer.bytes + at, sizeof number);
            for (size_t n = 0; n < COUNT(some); n++) {
                memcpy(longer.bytes + at, &some[n], sizeof number);
                try_frame(kind, longer);
            }
            memcpy(longer.bytes + at, &number, sizeof number);
        }
        flat_frame_free(&longer);
    }
}

static void changed_numbers_in_longer_frames_do_no_harm(void **test)
{
    (void)test;
    for_all(change_numbers_with_more_behind, 4);
    assert_true(accepted > 0 && refused > 0);
}

static void refuse_every_piece(const struct flat_kind *kind, struct flat_frame frame)
{
    static _Alignas(16) unsigned char value[FLAT_LARGEST];
    for (enum flat_mode mode = 0; mode < FLAT_MODES; mode++) {
        int error = -ENOMEM;
        for (flat_refuse = 1; error == -ENOMEM; flat_refuse++) {
            error = flat_unpack(frame, mode, kind->type, kind->size, value);
            assert_true(error == 0 || error == -ENOMEM);
            flat_drop(kind->type, value);
        }
        flat_refuse = 0;
    }
}

static void memory_that_is_not_there_is_no_leak(void **test)
{
    (void)test;
    for_all(refuse_every_piece, 5);
}

/* ---- Random bytes: small numbers often enough to be believed ---- */

static void random_frames_do_no_harm(void **test)
{
    (void)test;
    uint64_t seed = 13;
    accepted = refused = 0;
    for (int round = 0; round < (deadline_valgrind() ? 2000 : 100000); round++) {
        uint64_t numbers[40];
        for (size_t i = 0; i < COUNT(numbers); i++)
            numbers[i] = random_below(&seed, 6) ? random_below(&seed, 4) : random_next(&seed);
        struct flat_frame frame = flat_frame_of(numbers, random_below(&seed, sizeof numbers + 1));
        try_frame(&flat_kinds[random_below(&seed, FLAT_KINDS)], frame);
        flat_frame_free(&frame);
    }
    assert_true(accepted > 0 && refused > 0);
}

/* ---- What is refused on purpose ---- */

static int read_numbers(const struct flat_kind *kind, const uint64_t *numbers, size_t count)
{
    struct flat_frame frame = flat_frame_of(numbers, count * sizeof *numbers);
    int error = try_frame(kind, frame);
    flat_frame_free(&frame);
    return error;
}

static void a_text_ends_with_a_nul(void **test)
{
    (void)test;
    static const struct flat_kind kind = {&pool_type_text, sizeof(char *)};
    uint64_t numbers[] = {8, 0x0061616161616161};
    assert_int_equal(read_numbers(&kind, numbers, 2), 0);
    numbers[1] |= 0xffull << 56;
    assert_int_equal(read_numbers(&kind, numbers, 2), -EBADMSG);
    numbers[0] = 9;
    assert_int_equal(read_numbers(&kind, numbers, 2), -EBADMSG);
}

static void copy_late(void *account, void *to, const void *from, size_t size)
{
    flat_copy(account, to, from, size);
    memset(to, 'x', size); /* as if it was overwritten after it was checked */
}

static void a_text_ends_even_if_it_changes(void **test)
{
    (void)test;
    static const struct pool__memory memory = {flat_alloc, copy_late, &flat_account, false};
    static const uint64_t numbers[] = {8, 0x0061616161616161};
    const struct flat_frame frame = {(unsigned char *)(uintptr_t)numbers, sizeof numbers};
    struct pool_reader reader = {.base = frame.bytes, .size = frame.size, .memory = &memory};
    char *text = NULL;
    flat_account = (struct flat_account){.frame = frame, .mode = FLAT_COPIED};
    assert_int_equal(pool__unpack(&reader, &pool_type_text, sizeof text, &text), 0);
    assert_string_equal(text, "xxxxxxx");
    flat_drop(&pool_type_text, &text);
}

/* A member of 8 bits with a sign counts up to 127. */
static void a_count_that_its_member_cannot_hold_is_refused(void **test)
{
    (void)test;
    static const struct flat_kind kind = {&flat_pairs_type, sizeof(struct flat_pairs)};
    static const uint64_t members[] = {0, 1, 44, 127, 128, 200, 255};
    static uint64_t numbers[1000];
    for (uint64_t count = 128; count < 300; count++)
        for (size_t i = 0; i < COUNT(members); i++) {
            memset(numbers, 0, sizeof numbers);
            numbers[0] = members[i];
            numbers[1] = numbers[2 + count] = count;
            assert_int_equal(read_numbers(&kind, numbers, COUNT(numbers)), -EBADMSG);
        }
    memset(numbers, 0, sizeof numbers);
    assert_int_equal(read_numbers(&kind, numbers, COUNT(numbers)), 0);
}

/* The count travels as a member before the array does, and both must say the same. */
static void a_count_that_is_not_its_member_is_refused(void **test)
{
    (void)test;
    static const struct flat_kind kind = {&flat_page_type, sizeof(struct flat_page)};
    uint64_t numbers[64] = {0};
    enum { MEMBER = 10, COUNT_AT = 14 };
    for (uint64_t member = 0; member < 4; member++)
        for (uint64_t count = 0; count < 4; count++) {
            numbers[MEMBER] = member;
            numbers[COUNT_AT] = count;
            assert_int_equal(read_numbers(&kind, numbers, COUNT(numbers)),
                             member == count ? 0 : -EBADMSG);
        }
}

/* A struct within has arrays of its own that the same member counts. */
static void a_count_in_a_struct_within_is_not_changed(void **test)
{
    (void)test;
    static const struct flat_kind kind = {&flat_outer_type, sizeof(struct flat_outer)};
    uint64_t numbers[64] = {0};
    assert_int_equal(read_numbers(&kind, numbers, COUNT(numbers)), 0);
    for (size_t at = 4; at < 6; at++) { /* the counts of the outer arrays */
        numbers[at] = 1;
        assert_int_equal(read_numbers(&kind, numbers, COUNT(numbers)), -EBADMSG);
        numbers[at] = 0;
    }
}

/* Counts whose bytes, or whose elements, are more than there are. */
static void a_count_is_limited_by_what_is_left(void **test)
{
    (void)test;
    static const struct flat_kind kind = {&flat_wide_type, sizeof(struct flat_wide)};
    uint64_t numbers[8] = {1};
    assert_int_equal(read_numbers(&kind, numbers, 5), 0);
    numbers[0] = 2;
    assert_int_equal(read_numbers(&kind, numbers, 5), -EBADMSG);
    numbers[0] = (UINT64_MAX >> 4) + 2; /* which takes 16 bytes, but for the overflow */
    assert_int_equal(read_numbers(&kind, numbers, 5), -EBADMSG);
    numbers[0] = 0;
    for (numbers[1] = 0; numbers[1] <= 9; numbers[1]++)
        assert_int_equal(read_numbers(&kind, numbers, 3), numbers[1] <= 8 ? 0 : -EBADMSG);
}

static void arrays_counted_by_one_member_have_one_count(void **test)
{
    (void)test;
    static const struct flat_kind kind = {&flat_pairs_type, sizeof(struct flat_pairs)};
    uint64_t numbers[64] = {2, 2, 0, 0, 2, 0, 0, 2};
    assert_int_equal(read_numbers(&kind, numbers, COUNT(numbers)), 0);
    numbers[4] = 1;
    assert_int_equal(read_numbers(&kind, numbers, COUNT(numbers)), -EBADMSG);
    numbers[4] = 2;
    numbers[7] = 0;
    assert_int_equal(read_numbers(&kind, numbers, COUNT(numbers)), -EBADMSG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(truncated_frames_are_refused),
        cmocka_unit_test(changed_bytes_do_no_harm),
        cmocka_unit_test(changed_numbers_do_no_harm),
        cmocka_unit_test(changed_numbers_in_longer_frames_do_no_harm),
        cmocka_unit_test(memory_that_is_not_there_is_no_leak),
        cmocka_unit_test(random_frames_do_no_harm),
        cmocka_unit_test(a_text_ends_with_a_nul),
        cmocka_unit_test(a_text_ends_even_if_it_changes),
        cmocka_unit_test(a_count_that_its_member_cannot_hold_is_refused),
        cmocka_unit_test(a_count_that_is_not_its_member_is_refused),
        cmocka_unit_test(a_count_in_a_struct_within_is_not_changed),
        cmocka_unit_test(a_count_is_limited_by_what_is_left),
        cmocka_unit_test(arrays_counted_by_one_member_have_one_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
