/* Failure records on a page: what is written is read, and a page that a wild write has filled is never read
 * beyond its end. Pages lie in front of memory that cannot be touched, or are of exactly the size
 * that may be read, so a step outside is a crash or an address sanitizer's report. */
#include "common/failure.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "common/board.h"
#include "unit/unit.h"

enum { HEAD = 24, FILE_LENGTH_AT = 16, MESSAGE_LENGTH_AT = 20, GUARD = 65536 };

static unsigned char *mapping;

/* A page of `size` bytes, which end where the guard begins. */
static unsigned char *page_of(size_t size)
{
    return mapping + GUARD - size;
}

static int map_page(void **test)
{
    (void)test;
    mapping = mmap(NULL, 2 * GUARD, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return mapping == MAP_FAILED ? -1 : mprotect(mapping + GUARD, GUARD, PROT_NONE);
}

static int unmap_page(void **test)
{
    (void)test;
    return munmap(mapping, 2 * GUARD);
}

/* A failure record whose texts have these lengths and hold all byte values but NUL. */
static struct pool__failure make_failure(uint64_t item, size_t file, size_t message)
{
    struct pool__failure failure = {
        .item = item, .code = (int32_t)~item, .line = (int32_t)(item * 3)};
    for (size_t i = 0; i < file; i++)
        failure.file[i] = (char)(1 + (i + item) % 255);
    for (size_t i = 0; i < message; i++)
        failure.message[i] = (char)(1 + (i * 7 + item) % 255);
    return failure;
}

static void assert_same(const struct pool__failure *failure, const struct pool__failure *expected)
{
    assert_true(failure->item == expected->item);
    assert_int_equal(failure->code, expected->code);
    assert_int_equal(failure->line, expected->line);
    assert_string_equal(failure->file, expected->file);
    assert_string_equal(failure->message, expected->message);
}

/* ---- Round trips ---- */

static void round_trip(size_t file, size_t message)
{
    struct pool__failure failure = make_failure(file * 1000 + message, file, message), got;
    uint32_t size = (uint32_t)(HEAD + file + message), at = 0;
    unsigned char *page = page_of(size);
    assert_int_equal(pool__failure_write(page, 0, &failure), size);
    assert_true(pool__failure_read(page, size, &at, &got));
    assert_int_equal(at, size);
    assert_same(&got, &failure);
    assert_false(pool__failure_read(page, size, &at, &got));
    assert_int_equal(at, size);
}

static void texts_of_every_length_come_back(void **test)
{
    (void)test;
    static const size_t files[] = {0, 1, POOL__FILE_MAX - 1, POOL__FILE_MAX};
    static const size_t messages[] = {0, 1, POOL_MESSAGE_MAX - 1, POOL_MESSAGE_MAX};
    for (size_t i = 0; i < COUNT(files); i++)
        for (size_t message = 0; message <= POOL_MESSAGE_MAX; message++)
            round_trip(files[i], message);
    for (size_t i = 0; i < COUNT(messages); i++)
        for (size_t file = 0; file <= POOL__FILE_MAX; file++)
            round_trip(file, messages[i]);
}

static void numbers_of_every_size_come_back(void **test)
{
    (void)test;
    static const uint64_t items[] = {0, 1, UINT32_MAX, UINT64_MAX};
    static const int32_t numbers[] = {0, 1, -1, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < COUNT(items); i++)
        for (size_t n = 0; n < COUNT(numbers); n++) {
            struct pool__failure failure = make_failure(items[i], 3, 5), got;
            uint32_t at = 0;
            failure.code = numbers[n];
            failure.line = numbers[COUNT(numbers) - 1 - n];
            uint32_t used = pool__failure_write(page_of(HEAD + 8), 0, &failure);
            assert_true(pool__failure_read(page_of(HEAD + 8), used, &at, &got));
            assert_same(&got, &failure);
        }
}

static void the_longest_note_takes_the_limit(void **test)
{
    (void)test;
    struct pool__failure failure = make_failure(1, POOL__FILE_MAX, POOL_MESSAGE_MAX);
    assert_int_equal(pool__failure_limit(), HEAD + POOL__FILE_MAX + POOL_MESSAGE_MAX);
    assert_int_equal(pool__failure_write(page_of(pool__failure_limit()), 0, &failure),
                     pool__failure_limit());
    assert_true(pool__failure_limit() <= POOL__FAILURES);
}

/* Failure records of random lengths, as long as the longest would fit; the last one is the longest that
 * does. Returns their number. */
static size_t fill_page(unsigned char *page, uint32_t *used, uint64_t seed,
                        struct pool__failure *failures)
{
    size_t count = 0;
    *used = 0;
    while (*used + pool__failure_limit() <= POOL__FAILURES) {
        failures[count] = make_failure(count, random_below(&seed, POOL__FILE_MAX + 1),
                                       random_below(&seed, 1 + seed % (POOL_MESSAGE_MAX + 1)));
        *used = pool__failure_write(page, *used, &failures[count++]);
    }
    return count;
}

static void a_page_gives_its_notes_in_the_order_written(void **test)
{
    (void)test;
    static struct pool__failure failures[POOL__FAILURES / HEAD];
    unsigned char *page = page_of(POOL__FAILURES);
    for (uint64_t seed = 0; seed < 50; seed++) {
        struct pool__failure got;
        uint32_t used, at = 0;
        size_t count = fill_page(page, &used, seed, failures);
        assert_true(count >= POOL__FAILURES / pool__failure_limit());
        assert_true(used <= POOL__FAILURES);
        for (size_t i = 0; i < count; i++) {
            assert_true(pool__failure_read(page, used, &at, &got));
            assert_same(&got, &failures[i]);
        }
        assert_false(pool__failure_read(page, used, &at, &got));
    }
}

static void a_note_may_end_where_the_page_ends(void **test)
{
    (void)test;
    unsigned char *page = page_of(POOL__FAILURES);
    struct pool__failure failure = make_failure(9, POOL__FILE_MAX, POOL_MESSAGE_MAX), got;
    uint32_t last = (uint32_t)(POOL__FAILURES - pool__failure_limit()), at = last;
    assert_int_equal(pool__failure_write(page, last, &failure), POOL__FAILURES);
    assert_true(pool__failure_read(page, POOL__FAILURES, &at, &got));
    assert_int_equal(at, POOL__FAILURES);
    assert_same(&got, &failure);
}

/* ---- Hostile pages ---- */

static void a_truncated_note_is_none(void **test)
{
    (void)test;
    struct pool__failure failure = make_failure(5, 40, 60), got = make_failure(77, 1, 1);
    const struct pool__failure before = got;
    unsigned char bytes[HEAD + 100];
    uint32_t size = pool__failure_write(bytes, 0, &failure);
    for (uint32_t used = 0; used < size; used++) {
        uint32_t at = 0;
        memcpy(page_of(used), bytes, used);
        assert_false(pool__failure_read(page_of(used), used, &at, &got));
        assert_int_equal(at, 0);
        assert_memory_equal(&got, &before, sizeof got);
    }
}

static void put_lengths(unsigned char *page, uint32_t file, uint32_t message)
{
    memset(page, 'x', HEAD);
    memcpy(page + FILE_LENGTH_AT, &file, sizeof file);
    memcpy(page + MESSAGE_LENGTH_AT, &message, sizeof message);
}

/* Both lengths in a page of `used` bytes: read if and only if they are allowed and fit. */
static void try_lengths(uint32_t file, uint32_t message, uint32_t used)
{
    struct pool__failure got;
    unsigned char *page = page_of(used);
    uint32_t at = 0;
    uint64_t size = (uint64_t)HEAD + file + message;
    bool good = file <= POOL__FILE_MAX && message <= POOL_MESSAGE_MAX && size <= used;
    memset(page, 'x', used);
    put_lengths(page, file, message);
    assert_int_equal(pool__failure_read(page, used, &at, &got), good);
    assert_int_equal(at, good ? size : 0);
    if (good) {
        assert_int_equal(strlen(got.file), file);
        assert_int_equal(strlen(got.message), message);
    }
}

static void lengths_are_believed_only_if_they_fit(void **test)
{
    (void)test;
    static const uint32_t lengths[] = {0,      1,          254,        255,        256,
                                       1022,   1023,       1024,       4071,       4072,
                                       4096,   0x7fffffff, 0x80000000, 0xfffffbff, 0xfffffc01,
                                       0xffff, 0xffffff01, 0xffffffe8, 0xfffffffe, 0xffffffff};
    static const uint32_t sizes[] = {24,   25,   279,  280,  1047,
                                     1048, 1301, 1302, 1303, POOL__FAILURES};
    for (size_t f = 0; f < COUNT(lengths); f++)
        for (size_t m = 0; m < COUNT(lengths); m++)
            for (size_t s = 0; s < COUNT(sizes); s++)
                try_lengths(lengths[f], lengths[m], sizes[s]);
}

static void offsets_outside_the_page_are_no_notes(void **test)
{
    (void)test;
    static const uint32_t offsets[][2] = {
        {POOL__FAILURES + 1, 0},
        {UINT32_MAX, 0},
        {UINT32_MAX, UINT32_MAX - 100},
        {POOL__FAILURES, POOL__FAILURES},
        {POOL__FAILURES, POOL__FAILURES + 1},
        {POOL__FAILURES, UINT32_MAX},
        {0, 0},
        {0, UINT32_MAX},
        {100, 101},
        {100, UINT32_MAX - HEAD + 1},
        {0x80000000, 0x7fffffff},
        {POOL__FAILURES, POOL__FAILURES - HEAD + 1},
    };
    unsigned char *page = page_of(POOL__FAILURES);
    memset(page, 0, POOL__FAILURES); /* a sequence of failure records without texts */
    for (size_t i = 0; i < COUNT(offsets); i++) {
        struct pool__failure got;
        uint32_t at = offsets[i][1];
        assert_false(pool__failure_read(page, offsets[i][0], &at, &got));
        assert_int_equal(at, offsets[i][1]);
    }
}

/* Bytes that are random, but for lengths that are small often enough to be believed. */
static unsigned char *make_hostile(uint64_t *seed, size_t size)
{
    unsigned char *bytes = malloc(size ? size : 1);
    assert_non_null(bytes);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (unsigned char)random_next(seed);
    for (size_t at = 0; at + HEAD <= size && random_below(seed, 8);) {
        uint32_t file = (uint32_t)random_below(seed, 260);
        uint32_t message = (uint32_t)random_below(seed, 300);
        put_lengths(bytes + at, file, message);
        at += HEAD + file + message;
    }
    return bytes;
}

static void random_bytes_are_read_to_an_end_and_never_beyond(void **test)
{
    (void)test;
    uint64_t seed = 1;
    size_t believed = 0;
    for (int round = 0; round < 5000; round++) {
        uint32_t used = (uint32_t)random_below(&seed, POOL__FAILURES + 1), at = 0, before = 0;
        unsigned char *bytes = make_hostile(&seed, used);
        struct pool__failure got;
        while (pool__failure_read(bytes, used, &at, &got)) {
            assert_true(at >= before + HEAD && at <= used);
            assert_true(strnlen(got.file, sizeof got.file) < sizeof got.file);
            assert_true(strnlen(got.message, sizeof got.message) < sizeof got.message);
            before = at;
            believed++;
        }
        assert_int_equal(at, before);
        free(bytes);
    }
    assert_true(believed > 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_of_every_length_come_back),
        cmocka_unit_test(numbers_of_every_size_come_back),
        cmocka_unit_test(the_longest_note_takes_the_limit),
        cmocka_unit_test(a_page_gives_its_notes_in_the_order_written),
        cmocka_unit_test(a_note_may_end_where_the_page_ends),
        cmocka_unit_test(a_truncated_note_is_none),
        cmocka_unit_test(lengths_are_believed_only_if_they_fit),
        cmocka_unit_test(offsets_outside_the_page_are_no_notes),
        cmocka_unit_test(random_bytes_are_read_to_an_end_and_never_beyond),
    };
    return cmocka_run_group_tests(tests, map_page, unmap_page);
}
