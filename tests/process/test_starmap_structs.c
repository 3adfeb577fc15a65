/* Typed functions over structs: with texts, arrays and blobs in them, and with structs in structs;
 * as items and as results, of typed functions and of pool_map(). */
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/deadline.h"
#include "support/memory.h"
#include "support/outcome.h"
#include "support/world.h"

enum { COUNT = 300 };

static const size_t chunks[] = {0, 1, 7, COUNT};
enum { CHUNKS = sizeof chunks / sizeof chunks[0] };

static char *const words[] = {"zero", "one", "two", "three", "four", "five", "six"};

/* ---- Results ---- */

struct line {
    char *text;
    int number;
};
POOL_STRUCT(line, (text), (number));

struct page {
    char *title;
    const char *kind; /* a literal */
    char *tags[3];
    char mark[5];
    int unused; /* does not travel */
    uint16_t line_count;
    struct line *lines;
    size_t weight_count; /* travels with the weights */
    double *weights;
    pool_bytes_t picture;
    struct line last;
};
POOL_STRUCT(page, (title), (kind), (tags), (mark), (line_count),
            (lines, counted_by, line_count, &line_type), (weights, counted_by, weight_count),
            (picture), (last, as, &line_type));

static int fill_page(struct page *page, size_t i)
{
    page->lines = calloc(i % 9 + 1, sizeof *page->lines);
    page->weights = calloc(i + 1, sizeof *page->weights);
    page->picture =
        (pool_bytes_t){memory_copy(page->mark, sizeof page->mark), i % sizeof page->mark};
    if (!page->lines || !page->weights || !page->picture.data)
        return -ENOMEM;
    page->line_count = (uint16_t)(i % 9);
    page->weight_count = i;
    for (int k = 0; k < page->line_count; k++)
        page->lines[k] = (struct line){k % 4 ? memory_text('x', (size_t)k) : NULL, k};
    for (size_t k = 0; k < i; k++)
        page->weights[k] = (double)(k * i);
    return 0;
}

static int read_page(const char *title, size_t i, struct page *page, pool_task_t *task)
{
    *page = (struct page){.title = i % 6 ? strdup(title) : NULL,
                          .kind = i % 2 ? "odd" : "even",
                          .tags = {strdup("first"), NULL, words[i % 7]},
                          .mark = "mark",
                          .unused = 99,
                          .last = {memory_text('x', i), (int)i}};
    if (i % 10 == 9)
        return task ? pool_fail(task, 9, "page %zu is torn", i) : 9;
    return fill_page(page, i);
}
POOL_FALLIBLE_OF(read_page, struct page, &page_type, (const char *, title), (size_t, i));

static void check_text(const char *is, const char *should)
{
    assert_int_equal(is == NULL, should == NULL);
    if (is)
        assert_string_equal(is, should);
}

static void check_page(const struct page *is, const struct page *should)
{
    check_text(is->title, should->title);
    check_text(is->kind, should->kind);
    for (int i = 0; i < 3; i++)
        check_text(is->tags[i], should->tags[i]);
    assert_memory_equal(is->mark, should->mark, sizeof is->mark);
    assert_int_equal(is->unused, 0);
    assert_int_equal(is->line_count, should->line_count);
    for (int i = 0; i < is->line_count; i++) {
        check_text(is->lines[i].text, should->lines[i].text);
        assert_int_equal(is->lines[i].number, should->lines[i].number);
    }
    assert_int_equal(is->weight_count, should->weight_count);
    if (is->weight_count)
        assert_memory_equal(is->weights, should->weights, is->weight_count * sizeof *is->weights);
    assert_int_equal(is->picture.size, should->picture.size);
    assert_memory_equal(is->picture.data, should->picture.data, is->picture.size);
    check_text(is->last.text, should->last.text);
    assert_int_equal(is->last.number, should->last.number);
}

/* What such a page owns where it was made. */
static void drop_page(struct page *page)
{
    free(page->title);
    free(page->tags[0]);
    free(page->last.text);
    for (int i = 0; i < page->line_count; i++)
        free(page->lines[i].text);
    free(page->lines);
    free(page->weights);
    free(page->picture.data);
}

static void check_pages(const pool_t *pool, const struct read_page_args *rows,
                        const struct page *pages)
{
    static const struct page none;
    for (size_t i = 0; i < COUNT; i++) {
        struct page should = none;
        if (read_page(rows[i].title, rows[i].i, &should, NULL) == 0) {
            check_page(&pages[i], &should);
        } else {
            outcome_is(pool, i, POOL_FAILED, 9);
            assert_memory_equal(&pages[i], &none, sizeof none);
        }
        drop_page(&should);
    }
}

static void structs_with_texts_and_arrays(void **state)
{
    struct read_page_args rows[COUNT];
    struct page *pages = world_alloc(COUNT, sizeof *pages);
    (void)state;
    for (size_t i = 0; i < COUNT; i++)
        rows[i] = (struct read_page_args){words[i % 7], i};
    pool_t *pool = world_pool(2);
    for (size_t k = 0; k < CHUNKS; k++) {
        pool_map_options_t options = {.chunksize = chunks[k]};
        memset(pages, 0xee, COUNT * sizeof *pages);
        assert_int_equal(pool_starmap_with(pool, &read_page_function, rows, COUNT, pages, &options),
                         COUNT / 10);
        check_pages(pool, rows, pages);
        pool_release(&page_type, pages, COUNT);
    }
    assert_int_equal(pool_replaced(pool), 0);
}

/* ---- pool_map() with types ---- */

/* Every seventh item has none. */
static int describe(const void *item, void *result, pool_task_t *task)
{
    const struct line *line = item;
    char **text = result;
    size_t size = 64 + (line->text ? strlen(line->text) : 0);
    if (line->number % 7 == 3)
        return pool_fail(task, 3, "no more");
    *text = pool_task_alloc(task, size);
    if (*text)
        snprintf(*text, size, "%d: %s", line->number, line->text ? line->text : "none");
    return 0;
}

static void a_map_function_may_use_the_memory_of_its_item(void **state)
{
    struct line lines[COUNT];
    char *results[COUNT], expected[64];
    (void)state;
    for (int i = 0; i < COUNT; i++)
        lines[i] = (struct line){i % 5 ? words[i % 7] : NULL, i};
    pool_t *pool = world_pool(2);
    for (size_t k = 0; k < CHUNKS; k++) {
        pool_map_options_t options = {.chunksize = chunks[k]};
        pool_in_t in = POOL_IN_AS(lines, COUNT, &line_type);
        assert_int_equal(pool_map_with(pool, describe, in, POOL_OUT(results), &options), 43);
        for (int i = 0; i < COUNT; i++) {
            snprintf(expected, sizeof expected, "%d: %s", i, i % 5 ? words[i % 7] : "none");
            check_text(results[i], i % 7 == 3 ? NULL : expected);
        }
        pool_release(&pool_type_text, results, COUNT);
    }
    assert_int_equal(pool_replaced(pool), 0);
}

static int next_line(const void *item, void *result, pool_task_t *task)
{
    const struct line *line = item;
    struct line *next = result;
    next->number = line->number + (int)pool_task_index(task);
    next->text = line->text; /* the item's own: not freed */
    return 0;
}

static void items_and_results_of_a_named_type(void **state)
{
    struct line lines[COUNT], results[COUNT];
    (void)state;
    for (int i = 0; i < COUNT; i++)
        lines[i] = (struct line){i % 5 ? words[i % 7] : NULL, i};
    pool_t *pool = world_pool(2);
    assert_int_equal(pool_map(pool, next_line, POOL_IN_AS(lines, COUNT, &line_type),
                              POOL_OUT_AS(results, &line_type)),
                     0);
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(results[i].number, 2 * i);
        check_text(results[i].text, lines[i].text);
    }
    pool_release(&line_type, results, COUNT);
}

/* ---- Structs without pointers in structs, at whatever offset ---- */

struct pair {
    int a, b;
};
POOL_STRUCT(pair, (a), (b));

struct pairs {
    char letter;
    struct pair one, more[2];
    char *text;
    int n;
    struct pair *counted;
};
POOL_STRUCT(pairs, (letter), (one, as, &pair_type), (more, array_of, &pair_type), (text), (n),
            (counted, counted_by, n, &pair_type));

static int sum_pairs(struct pairs p)
{
    int sum = p.letter + p.one.a + 2 * p.one.b + 3 * p.more[1].b + (int)strlen(p.text);
    for (int i = 0; i < p.n; i++)
        sum += 5 * p.counted[i].a + 7 * p.counted[i].b;
    return sum;
}
POOL_FUNCTION(sum_pairs, int, (struct pairs, p, as, &pairs_type));

static void small_structs_in_structs(void **state)
{
    struct pair some[] = {{1, 2}, {3, 4}, {5, 6}};
    struct sum_pairs_args rows[COUNT];
    int results[COUNT];
    (void)state;
    for (int i = 0; i < COUNT; i++)
        rows[i].p = (struct pairs){'a', {i, 2}, {{3, 4}, {5, i}}, words[i % 7], i % 4, some};
    pool_t *pool = world_pool(2);
    assert_int_equal(pool_starmap(pool, &sum_pairs_function, rows, COUNT, results), 0);
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(results[i], sum_pairs(rows[i].p));
}

/* ---- The host's memory ---- */

static void the_host_leaks_nothing(void **state)
{
    struct read_page_args rows[COUNT];
    struct page *pages = world_alloc(COUNT, sizeof *pages);
    size_t rounds = 200 / (size_t)deadline_slowness(), used = 0;
    (void)state;
    for (size_t i = 0; i < COUNT; i++)
        rows[i] = (struct read_page_args){words[i % 7], i};
    pool_t *pool = world_pool(1);
    pool_map_options_t options = {.chunksize = 7};
    for (size_t round = 0; round < 2 + rounds; round++) {
        pool_starmap_with(pool, &read_page_function, rows, COUNT, pages, &options);
        pool_release(&page_type, pages, COUNT);
        if (round == 1)
            used = mallinfo2().uordblks;
    }
    assert_true(mallinfo2().uordblks < used + 16 * rounds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(structs_with_texts_and_arrays),
        WORLD_TEST(a_map_function_may_use_the_memory_of_its_item),
        WORLD_TEST(items_and_results_of_a_named_type),
        WORLD_TEST(small_structs_in_structs),
        WORLD_TEST(the_host_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
