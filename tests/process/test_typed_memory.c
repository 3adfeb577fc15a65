/* A worker that makes text after text for its results does not grow. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/deadline.h"
#include "support/outcome.h"
#include "support/process.h"
#include "support/world.h"

enum { MIB = 1 << 20 };

/* Under sanitizers freed memory is kept for a while. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { COUNT = 2000, GROWTH = 1 << 30 };
#else
enum { COUNT = 200000, GROWTH = MIB };
#endif

static const size_t chunks[] = {0, 1, 1000};

/* What the worker has in memory of its own, in bytes: VmRSS counts the pool's shared memory too. */
static int weigh(int unused, size_t *result, pool_task_t *task)
{
    long kilobytes = process_kilobytes(getpid(), "RssAnon");
    (void)unused;
    *result = (size_t)kilobytes * 1024;
    return kilobytes > 0 ? 0 : pool_fail(task, 1, "no RssAnon");
}
POOL_FALLIBLE(weigh, size_t, (int, unused));

static size_t worker_memory(pool_t *pool)
{
    struct weigh_args row = {0};
    size_t bytes = 0;
    assert_int_equal(pool_starmap(pool, &weigh_function, &row, 1, &bytes), 0);
    return bytes;
}

/* ---- Results from malloc() ---- */

static char *number_text(size_t number, const char *unit)
{
    char *text = malloc(100);
    if (text)
        snprintf(text, 100, "%zu %s", number, unit);
    return text;
}
POOL_FUNCTION(number_text, char *, (size_t, number), (const char *, unit));

struct word {
    char *text;
    size_t n;
    char **parts;
};
POOL_STRUCT(word, (text), (n), (parts, counted_by, n));

static struct word split(size_t number, const char *unit)
{
    struct word word = {number_text(number, unit), number % 4, NULL};
    word.parts = calloc(word.n + 1, sizeof *word.parts);
    for (size_t i = 0; i < word.n && word.parts; i++)
        word.parts[i] = number_text(i, unit);
    return word;
}
POOL_FUNCTION_OF(split, struct word, &word_type, (size_t, number), (const char *, unit));

/* The rows of both functions are alike. */
static void check_growth(const pool_callable_t *function, size_t result_size)
{
    struct number_text_args *rows = world_alloc(COUNT, sizeof *rows);
    void *results = world_alloc(COUNT, result_size);
    char last[64];
    for (size_t i = 0; i < COUNT; i++)
        rows[i] = (struct number_text_args){i, "parsecs and a few more bytes"};
    snprintf(last, sizeof last, "%d parsecs and a few more bytes", COUNT - 1);
    for (size_t k = 0; k < sizeof chunks / sizeof chunks[0]; k++) {
        pool_t *pool = world_pool(1);
        pool_map_options_t options = {.chunksize = chunks[k]};
        assert_int_equal((pool_starmap_with)(pool, function, rows, COUNT / 10, results, &options),
                         0);
        pool_release(function->result, results, COUNT / 10);
        size_t before = worker_memory(pool);
        assert_int_equal((pool_starmap_with)(pool, function, rows, COUNT, results, &options), 0);
        size_t after = worker_memory(pool);
        assert_string_equal(*(char **)((char *)results + (COUNT - 1) * result_size), last);
        pool_release(function->result, results, COUNT);
        assert_in_range(after, before / 2, before + GROWTH);
        world_free(pool);
    }
}

static void texts_leave_nothing_in_the_worker(void **state)
{
    (void)state;
    check_growth(&number_text_function.callable, sizeof(char *));
}

static void structs_leave_nothing_in_the_worker(void **state)
{
    (void)state;
    check_growth(&split_function.callable, sizeof(struct word));
}

/* ---- Memory of the items ---- */

/* Every other item fails with what it took, every hundredth takes much. */
static int take_memory(size_t number, const char *unit, char **result, pool_task_t *task)
{
    size_t size = number % 100 ? 100 + number % 900 : (size_t)MIB;
    *result = pool_task_alloc(task, size);
    if (!*result)
        return -1;
    memset(*result, 'x', size - 1);
    return number % 2 ? pool_fail(task, 1, "%s", unit) : 0;
}
POOL_FALLIBLE(take_memory, char *, (size_t, number), (const char *, unit));

static void memory_of_items_is_given_back(void **state)
{
    enum { ITEMS = 4000 };
    struct take_memory_args *rows = world_alloc(ITEMS, sizeof *rows);
    char **results = world_alloc(ITEMS, sizeof *results);
    (void)state;
    for (size_t i = 0; i < ITEMS; i++)
        rows[i] = (struct take_memory_args){i, "light years"};
    pool_t *pool = world_pool(1);
    size_t before = 0;
    for (int round = 0; round < 4; round++) {
        assert_int_equal(pool_starmap(pool, &take_memory_function, rows, ITEMS, results),
                         ITEMS / 2);
        pool_release(&pool_type_text, results, ITEMS);
        if (round == 0)
            before = worker_memory(pool);
    }
    assert_in_range(worker_memory(pool), before / 2, before + GROWTH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(texts_leave_nothing_in_the_worker),
        WORLD_TEST(structs_leave_nothing_in_the_worker),
        WORLD_TEST(memory_of_items_is_given_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
