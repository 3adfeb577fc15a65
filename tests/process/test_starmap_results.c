/* What typed functions return: texts and blobs from anywhere. What is the pool's to free is freed
 * once, and what is not is left alone. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/memory.h"
#include "support/outcome.h"
#include "support/world.h"

enum { COUNT = 300, MIB = 1 << 20 };

static const size_t chunks[] = {0, 1, 7, COUNT};
enum { CHUNKS = sizeof chunks / sizeof chunks[0] };

/* Where a result lies. */
enum place { MALLOCED, ARGUMENT, WITHIN_ARGUMENT, STATIC, LITERAL, NONE, EMPTY, LONG, PLACES };

static char *const words[] = {"zero", "one", "two", "three", "four", "five", "six"};

static enum place place_of(size_t i)
{
    return (enum place)(i * 7 / 3 % PLACES);
}

static void check_texts(char *const *is, char *const *should)
{
    for (size_t i = 0; i < COUNT; i++) {
        assert_int_equal(is[i] == NULL, should[i] == NULL);
        if (is[i])
            assert_string_equal(is[i], should[i]);
    }
}

/* ---- char * ---- */

static char *find_text(enum place place, char *word, size_t i)
{
    static char buffer[32];
    switch (place) {
    case MALLOCED:
        return memory_copy(word, strlen(word) + 1);
    case ARGUMENT:
        return word;
    case WITHIN_ARGUMENT:
        return word + strlen(word) / 2;
    case STATIC:
        snprintf(buffer, sizeof buffer, "%s %zu", word, i);
        return buffer;
    case LITERAL:
        return words[3];
    case EMPTY:
        return calloc(1, 1);
    case LONG:
        return memory_text('x', i % 50 == 1 ? MIB : 1000 + i);
    default:
        return NULL;
    }
}
POOL_FUNCTION(find_text, char *, (enum place, place), (char *, word), (size_t, i));

/* What calls one after the other give, each result copied; to be freed. */
static void call_find_text(const struct find_text_args *rows, char **texts)
{
    for (size_t i = 0; i < COUNT; i++) {
        char *text = find_text(rows[i].place, rows[i].word, rows[i].i);
        bool own = rows[i].place == MALLOCED || rows[i].place == EMPTY || rows[i].place == LONG;
        texts[i] = text && !own ? strdup(text) : text;
    }
}

static void texts_from_anywhere(void **state)
{
    struct find_text_args rows[COUNT];
    char *results[COUNT], *expected[COUNT];
    (void)state;
    for (size_t i = 0; i < COUNT; i++)
        rows[i] = (struct find_text_args){place_of(i), words[i % 7], i};
    call_find_text(rows, expected);
    pool_t *pool = world_pool(2);
    for (size_t k = 0; k < CHUNKS; k++) {
        pool_map_options_t options = {.chunksize = chunks[k]};
        memset(results, 0xee, sizeof results);
        assert_int_equal(
            pool_starmap_with(pool, &find_text_function, rows, COUNT, results, &options), 0);
        check_texts(results, expected);
        pool_release(&pool_type_text, results, COUNT);
        for (size_t i = 0; i < COUNT; i++)
            assert_null(results[i]);
    }
    assert_int_equal(pool_replaced(pool), 0);
    pool_release(&pool_type_text, expected, COUNT);
}

/* ---- const char * ---- */

/* Keeps what it returns: freeing it would spoil it for later rows. */
static const char *keep_text(const char *word, size_t which)
{
    static char *kept[5];
    if (which == 5)
        return word;
    if (which > 5)
        return which == 6 ? "a literal" : NULL;
    if (!kept[which])
        kept[which] = memory_copy(words[which], strlen(words[which]) + 1);
    return kept[which];
}
POOL_FUNCTION(keep_text, const char *, (const char *, word), (size_t, which));

static void const_texts_stay_with_the_function(void **state)
{
    struct keep_text_args rows[COUNT];
    const char *results[COUNT], *expected[COUNT];
    (void)state;
    pool_t *pool = world_pool(1);
    for (size_t i = 0; i < COUNT; i++) {
        rows[i] = (struct keep_text_args){words[i % 7], i % 8};
        expected[i] = keep_text(rows[i].word, rows[i].which);
    }
    for (size_t round = 0; round < 3; round++) {
        assert_int_equal(pool_starmap(pool, &keep_text_function, rows, COUNT, results), 0);
        check_texts((char *const *)results, (char *const *)expected);
        pool_release(&pool_type_const_text, results, COUNT);
    }
    assert_int_equal(pool_replaced(pool), 0);
}

/* ---- The environment, which is neither static nor from malloc() ---- */

POOL_FUNCTION(getenv, char *, (const char *, name));

static void functions_that_return_the_environment(void **state)
{
    struct getenv_args rows[] = {{"PATH"}, {"POOL_TEST_HAS_NO_SUCH"}, {"PATH"}};
    char *results[3];
    (void)state;
    pool_t *pool = world_pool(1);
    assert_int_equal(pool_starmap(pool, &getenv_function, rows, 3, results), 0);
    assert_string_equal(results[0], getenv("PATH"));
    assert_null(results[1]);
    assert_string_equal(results[2], getenv("PATH"));
    pool_release(&pool_type_text, results, 3);
    assert_int_equal(pool_replaced(pool), 0);
}

/* ---- Blobs ---- */

static pool_bytes_t find_bytes(enum place place, pool_bytes_t bytes)
{
    static unsigned char buffer[1000];
    switch (place) {
    case MALLOCED:
        return (pool_bytes_t){memory_copy(bytes.data, bytes.size), bytes.size};
    case ARGUMENT:
        return bytes;
    case WITHIN_ARGUMENT:
        return (pool_bytes_t){(char *)bytes.data + bytes.size / 2, bytes.size - bytes.size / 2};
    case STATIC:
        memset(buffer, (int)bytes.size, sizeof buffer);
        return (pool_bytes_t){buffer, bytes.size};
    case EMPTY:
        return (pool_bytes_t){malloc(1), 0};
    case LONG:
        return (pool_bytes_t){calloc(1, MIB), MIB};
    default:
        return (pool_bytes_t){NULL, 0};
    }
}
POOL_FUNCTION(find_bytes, pool_bytes_t, (enum place, place), (pool_bytes_t, bytes));

static void check_bytes(const struct find_bytes_args *row, const pool_bytes_t *is)
{
    pool_bytes_t should = find_bytes(row->place, row->bytes);
    assert_int_equal(is->size, should.size);
    assert_int_equal(is->data == NULL, should.data == NULL);
    assert_true(is->size == 0 || memcmp(is->data, should.data, is->size) == 0);
    if (row->place == MALLOCED || row->place == EMPTY || row->place == LONG)
        free(should.data);
}

static void blobs_from_anywhere(void **state)
{
    struct find_bytes_args rows[COUNT];
    pool_bytes_t results[COUNT];
    unsigned char *data = world_alloc(COUNT, 1);
    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        data[i] = (unsigned char)(i * i);
        rows[i] = (struct find_bytes_args){place_of(i), {data, i}};
        if (rows[i].place == LONG && i % 5)
            rows[i].place = MALLOCED;
    }
    pool_t *pool = world_pool(2);
    for (size_t k = 0; k < CHUNKS; k++) {
        pool_map_options_t options = {.chunksize = chunks[k]};
        assert_int_equal(
            pool_starmap_with(pool, &find_bytes_function, rows, COUNT, results, &options), 0);
        for (size_t i = 0; i < COUNT; i++)
            check_bytes(&rows[i], &results[i]);
        pool_release(&pool_type_bytes, results, COUNT);
    }
    assert_int_equal(pool_replaced(pool), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(texts_from_anywhere),
        WORLD_TEST(const_texts_stay_with_the_function),
        WORLD_TEST(functions_that_return_the_environment),
        WORLD_TEST(blobs_from_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
