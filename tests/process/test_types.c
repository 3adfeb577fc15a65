/* pool_map() over texts, blobs and shared arrays. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/deadline.h"
#include "support/outcome.h"
#include "support/world.h"

enum { MIB = 1 << 20 };

struct summary {
    bool null;
    size_t size;
    uint64_t sum;
};

static struct summary summary_of(const unsigned char *bytes, size_t size)
{
    struct summary summary;
    memset(&summary, 0, sizeof summary);
    summary.null = bytes == NULL;
    summary.size = size;
    for (size_t i = 0; i < size; i++)
        summary.sum = summary.sum * 31 + bytes[i] + 1;
    return summary;
}

static void check_map(pool_t *pool, pool_function_t function, pool_in_t in, size_t chunksize)
{
    struct summary *results = calloc(in.count, sizeof *results);
    struct summary *expected = calloc(in.count, sizeof *expected);
    pool_map_options_t options = {.chunksize = chunksize};
    outcome_sequential(function, in, POOL_OUT(expected));
    assert_int_equal(pool_map_with(pool, function, in, POOL_OUT(results), &options), 0);
    assert_memory_equal(results, expected, in.count * sizeof *results);
    free(results);
    free(expected);
}

/* ---- Texts ---- */

static int read_text(const void *item, void *result, pool_task_t *task)
{
    const char *text = *(const char *const *)item;
    (void)task;
    *(struct summary *)result = summary_of((const unsigned char *)text, text ? strlen(text) : 0);
    return 0;
}

static void texts_arrive_whole(void **state)
{
    enum { COUNT = 500 };
    char **texts = world_alloc(COUNT, sizeof *texts), *letters = world_alloc(COUNT + 1, 1);
    (void)state;
    memset(letters, 'x', COUNT);
    for (size_t i = 0; i < COUNT; i++)
        texts[i] = i % 11 == 3 ? NULL : letters + COUNT - i; /* of i letters */
    pool_t *pool = world_pool(2);
    for (size_t chunksize = 0; chunksize < 60; chunksize += 7)
        check_map(pool, read_text, POOL_IN(texts, COUNT), chunksize);
}

static void texts_of_a_mebibyte_arrive_whole(void **state)
{
    char *text = world_alloc(MIB + 1, 1);
    const char *texts[] = {"", text, NULL, text + 1, "last"};
    (void)state;
    memset(text, 'y', MIB);
    pool_t *pool = world_pool(2);
    for (size_t chunksize = 0; chunksize < 6; chunksize++)
        check_map(pool, read_text, POOL_IN(texts, 5), chunksize);
}

static void every_type_of_text_array_is_a_text(void **state)
{
    char a[] = "a";
    char *plain[] = {a};
    const char *constant[] = {"b"};
    char *const fixed[] = {a};
    const char *const both[] = {"d"};
    (void)state;
    pool_t *pool = world_pool(1);
    check_map(pool, read_text, POOL_IN(plain, 1), 0);
    check_map(pool, read_text, POOL_IN(constant, 1), 0);
    check_map(pool, read_text, POOL_IN(fixed, 1), 0);
    check_map(pool, read_text, POOL_IN(both, 1), 0);
}

/* ---- Blobs ---- */

static int read_blob(const void *item, void *result, pool_task_t *task)
{
    const pool_bytes_t *blob = item;
    (void)task;
    *(struct summary *)result = summary_of(blob->data, blob->size);
    return 0;
}

static void blobs_arrive_whole(void **state)
{
    enum { COUNT = 300 };
    pool_bytes_t *blobs = world_alloc(COUNT, sizeof *blobs);
    unsigned char *bytes = world_alloc(3 * COUNT, 1);
    (void)state;
    for (size_t i = 0; i < 3 * COUNT; i++)
        bytes[i] = (unsigned char)(i % 7 ? i : 0);
    for (size_t i = 0; i < COUNT; i++)
        if (i % 13 != 5) /* others: NULL */
            blobs[i] = (pool_bytes_t){bytes + i, i % 17 == 2 ? 0 : i};
    pool_t *pool = world_pool(2);
    for (size_t chunksize = 0; chunksize < 60; chunksize += 7)
        check_map(pool, read_blob, POOL_IN(blobs, COUNT), chunksize);
}

static void large_blobs_arrive_whole(void **state)
{
    unsigned char *bytes = world_alloc(33, MIB);
    pool_bytes_t blobs[] = {{bytes, MIB},         {bytes + 1, MIB - 1}, {NULL, 0},
                            {bytes + 3, MIB + 5}, {bytes, 0},           {bytes, 33u * MIB}};
    (void)state;
    for (size_t i = 0; i < 33u * MIB; i += 500)
        bytes[i] = (unsigned char)(i / 500);
    pool_t *pool = world_pool(2);
    for (size_t chunksize = 0; chunksize < 7; chunksize += deadline_valgrind() ? 6 : 1)
        check_map(pool, read_blob, POOL_IN(blobs, 6), chunksize);
}

static int fail_unless_aligned(const void *item, void *result, pool_task_t *task)
{
    (void)result;
    (void)task;
    return (uintptr_t)((const pool_bytes_t *)item)->data % _Alignof(max_align_t) != 0;
}

static void blobs_are_aligned_as_from_malloc(void **state)
{
    enum { COUNT = 100 };
    pool_bytes_t blobs[COUNT];
    unsigned char *bytes = world_alloc(COUNT, 1);
    (void)state;
    for (size_t i = 0; i < COUNT; i++)
        blobs[i] = (pool_bytes_t){bytes, i};
    pool_t *pool = world_pool(2);
    assert_int_equal(pool_map(pool, fail_unless_aligned, POOL_IN(blobs, COUNT), POOL_NONE), 0);
}

/* The frames of the rest of a chunk still point to the right bytes when an item in it crashes. */
static int read_or_crash(const void *item, void *result, pool_task_t *task)
{
    const pool_bytes_t *blob = item;
    if (task && blob->size % 10 == 3)
        abort();
    return read_blob(item, result, task);
}

static void blobs_behind_a_crash_arrive_whole(void **state)
{
    enum { COUNT = 60 };
    pool_bytes_t blobs[COUNT];
    struct summary results[COUNT];
    unsigned char *bytes = world_alloc(2 * COUNT, 1);
    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        bytes[i] = (unsigned char)i;
        blobs[i] = (pool_bytes_t){bytes + i, i};
    }
    pool_t *pool = world_pool(2);
    pool_map_options_t options = {.chunksize = 30};
    assert_int_equal(
        pool_map_with(pool, read_or_crash, POOL_IN(blobs, COUNT), POOL_OUT(results), &options),
        COUNT / 10);
    for (size_t i = 0; i < COUNT; i++) {
        struct summary expected = summary_of(bytes + i, i);
        if (i % 10 != 3)
            assert_memory_equal(&results[i], &expected, sizeof expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(texts_arrive_whole),
        WORLD_TEST(texts_of_a_mebibyte_arrive_whole),
        WORLD_TEST(every_type_of_text_array_is_a_text),
        WORLD_TEST(blobs_arrive_whole),
        WORLD_TEST(large_blobs_arrive_whole),
        WORLD_TEST(blobs_are_aligned_as_from_malloc),
        WORLD_TEST(blobs_behind_a_crash_arrive_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
