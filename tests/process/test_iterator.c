/* Iterators: every item's result once, in order or as they end, from arrays and from functions. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/host.h"
#include "support/ledger.h"
#include "support/outcome.h"
#include "support/work.h"
#include "support/world.h"

enum { ITEMS = 5000, SOURCE_ERROR = -1234 };

static int items[ITEMS];

/* Every seventh fails, every 500th crashes. */
static int fail_or_triple(const void *item, void *result, pool_task_t *task)
{
    int value = *(const int *)item;
    if (value % 500 == 250)
        raise(SIGKILL);
    if (value % 7 == 0)
        return pool_fail(task, 1000 + value, "seven: %d", value);
    return work_triple(item, result, task);
}

/* ---- Sources ---- */

typedef int (*imap_t)(pool_t *, pool_function_t, const pool_source_t *, pool_out_t,
                      const pool_map_options_t *, pool_iterator_t **);

static pool_iterator_t *start(imap_t imap, pool_t *pool, pool_function_t function,
                              const pool_source_t *source, size_t chunksize)
{
    pool_map_options_t options = {.chunksize = chunksize};
    pool_iterator_t *iterator = NULL;
    assert_int_equal(imap(pool, function, source, POOL_RESULT(int), &options, &iterator), 0);
    assert_non_null(iterator);
    return iterator;
}

/* Whether item i fails in fail_or_triple(). */
static bool is_bad(size_t i)
{
    return i % 500 == 250 || i % 7 == 0;
}

static void check_error(const pool_iterator_t *iterator, size_t index)
{
    const pool_error_t *error = pool_next_error(iterator);
    bool crash = index % 500 == 250;
    assert_non_null(error);
    assert_int_equal(error->index, index);
    assert_int_equal(error->kind, crash ? POOL_CRASHED : POOL_FAILED);
    assert_int_equal(error->code, crash ? SIGKILL : 1000 + (int)index);
    assert_true(crash || strncmp(error->message, "seven: ", 7) == 0);
}

/* Takes `count` results, each index once; then `end` again and again. */
static void check_all(pool_iterator_t *iterator, size_t count, bool ordered, bool errors, int end)
{
    unsigned char *seen = calloc(count + 1, 1);
    int result;
    for (size_t i = 0; i < count; i++) {
        int got = pool_next(iterator, &result, -1);
        size_t index = pool_next_index(iterator);
        assert_true(index < count && !seen[index] && (!ordered || index == i));
        seen[index] = 1;
        assert_int_equal(got, errors && is_bad(index) ? POOL_EITEM : 1);
        if (got == 1) {
            assert_int_equal(result, 3 * (int)index);
            assert_null(pool_next_error(iterator));
        } else {
            check_error(iterator, index);
        }
    }
    for (int again = 0; again < 3; again++)
        assert_int_equal(pool_next(iterator, &result, -1), end);
    assert_null(pool_next_error(iterator));
    free(seen);
}

/* Both ways, from both kinds of source, with chunks of several sizes. */
static void check_ways(pool_function_t function, size_t count, int end)
{
    static const size_t chunks[] = {0, 1, 100, ITEMS * 2};
    pool_t *pool = world_pool(3);
    for (int way = 0; way < 16; way++) {
        bool ordered = way & 1, array = way & 2;
        struct host_counter counter = {0, (int)count, end};
        pool_source_t source = {
            .in = POOL_IN((int *)0, 0), .next = host_count_on, .context = &counter};
        if (array)
            source = (pool_source_t){.in = POOL_IN(items, count)};
        pool_iterator_t *iterator = start(ordered ? pool_imap : pool_imap_unordered, pool, function,
                                          &source, chunks[way / 4]);
        check_all(iterator, count, ordered, function == fail_or_triple, array ? 0 : end);
        pool_iterator_free(iterator);
    }
    world_free(pool);
}

static void each_result_comes_once_and_in_order_if_wanted(void **state)
{
    (void)state;
    check_ways(work_triple, ITEMS, 0);
    check_ways(work_triple, 17, 0);
    check_ways(work_triple, 1, 0);
}

static void an_empty_source_gives_nothing(void **state)
{
    (void)state;
    check_ways(work_triple, 0, 0);
}

static void failing_and_crashing_items_have_their_place_in_the_stream(void **state)
{
    (void)state;
    check_ways(fail_or_triple, ITEMS / 4, 0);
}

static void items_before_an_error_of_the_source_are_given(void **state)
{
    (void)state;
    check_ways(work_triple, 0, SOURCE_ERROR);
    check_ways(work_triple, 1, SOURCE_ERROR);
    check_ways(work_triple, 1234, SOURCE_ERROR);
    check_ways(fail_or_triple, 300, SOURCE_ERROR);
    outcome_pool_works(world_pool(1));
}

/* ---- Texts and structs ---- */

static int next_text(void *context, void *item)
{
    static char text[32]; /* overwritten by the next: valid until then is enough */
    int *next = context;
    if (*next == ITEMS)
        return 0;
    snprintf(text, sizeof text, "item %d", (*next)++);
    *(char **)item = text;
    return 1;
}

static int quote(const void *item, void *result, pool_task_t *task)
{
    const char *text = *(const char *const *)item;
    size_t size = strlen(text) + 3;
    char *quoted = pool_task_alloc(task, size);
    if (strstr(text, "13"))
        return pool_fail(task, 13, "unlucky");
    snprintf(quoted, size, "<%s>", text);
    *(char **)result = quoted;
    return 0;
}

static void check_texts(imap_t imap, const pool_source_t *source, size_t chunksize)
{
    pool_map_options_t options = {.chunksize = chunksize};
    pool_iterator_t *iterator;
    char expected[40], *result;
    int given = 0, got;
    assert_int_equal(imap(world_pool(2), quote, source, POOL_RESULT(char *), &options, &iterator),
                     0);
    while ((got = pool_next(iterator, &result, -1)) != 0) {
        snprintf(expected, sizeof expected, "<item %zu>", pool_next_index(iterator));
        assert_int_equal(got, strstr(expected, "13") ? POOL_EITEM : 1);
        given++;
        if (got != 1)
            continue;
        assert_string_equal(result, expected);
        pool_release(&pool_type_text, &result, 1);
    }
    assert_int_equal(given, ITEMS);
    pool_iterator_free(iterator);
}

static void texts_come_and_go_one_by_one(void **state)
{
    (void)state;
    for (size_t chunksize = 0; chunksize < 120; chunksize += 40) {
        int next[2] = {0, 0};
        pool_source_t source = {
            .in = POOL_IN((char **)0, 0), .next = next_text, .context = &next[0]};
        check_texts(pool_imap, &source, chunksize);
        source.context = &next[1];
        check_texts(pool_imap_unordered, &source, chunksize);
    }
}

struct page {
    char *title;
    double *weights;
    size_t count;
};
POOL_STRUCT(page, (title), (weights, counted_by, count), (count));

/* Turns the page over. */
static int reverse(const void *item, void *result, pool_task_t *task)
{
    const struct page *page = item;
    struct page *reversed = result;
    reversed->title = page->title;
    reversed->weights = pool_task_alloc(task, (page->count + 1) * sizeof(double));
    reversed->count = page->count;
    for (size_t i = 0; i < page->count; i++)
        reversed->weights[i] = page->weights[page->count - 1 - i];
    return 0;
}

static void structs_come_and_go_one_by_one(void **state)
{
    enum { PAGES = 300 };
    double weights[4] = {1, 2, 3, 4};
    static struct page pages[PAGES];
    struct page result;
    pool_iterator_t *iterator;
    (void)state;
    for (size_t i = 0; i < PAGES; i++)
        pages[i] = (struct page){i % 2 ? "odd" : "even", weights, i % 5};
    pool_source_t source = {.in = POOL_IN_AS(pages, PAGES, &page_type)};
    assert_int_equal(pool_imap(world_pool(2), reverse, &source,
                               pool_out(NULL, sizeof result, &page_type), NULL, &iterator),
                     0);
    for (size_t i = 0; i < PAGES; i++) {
        assert_int_equal(pool_next(iterator, &result, -1), 1);
        assert_string_equal(result.title, i % 2 ? "odd" : "even");
        assert_int_equal(result.count, i % 5);
        assert_true(i % 5 == 0 || result.weights[0] == (double)(i % 5));
        pool_release(&page_type, &result, 1);
    }
    assert_int_equal(pool_next(iterator, &result, -1), 0);
    pool_iterator_free(iterator);
}

/* ---- No results ---- */

static struct ledger *executions;

static int only_mark(const void *item, void *result, pool_task_t *task)
{
    ledger_mark(executions, (size_t) * (const int *)item);
    (void)task;
    return result != NULL;
}

static void iterations_without_results_tell_of_each_item(void **state)
{
    pool_iterator_t *iterator;
    int given = 0;
    (void)state;
    executions = ledger_make(ITEMS);
    pool_source_t source = {.in = POOL_IN(items, ITEMS)};
    assert_int_equal(pool_imap(world_pool(2), only_mark, &source, POOL_NONE, NULL, &iterator), 0);
    while (pool_next(iterator, NULL, -1) == 1)
        given++;
    assert_int_equal(given, ITEMS);
    assert_true(ledger_all_within(executions, 1, 1));
    pool_iterator_free(iterator);
}

static char *repeat(const char *word, int times)
{
    size_t length = strlen(word);
    char *text = calloc((size_t)times, length + 1), *end = text;
    for (int i = 0; text && i < times; i++)
        end = stpcpy(end, word);
    return text;
}
POOL_FUNCTION(repeat, char *, (const char *, word), (int, times));

static void typed_functions_are_iterated_over(void **state)
{
    struct repeat_args rows[50];
    pool_iterator_t *iterator;
    char *text, *expected;
    (void)state;
    for (int i = 0; i < 50; i++)
        rows[i] = (struct repeat_args){"ab", i + 1};
    pool_source_t source = {POOL_IN_AS(rows, 50, &repeat_args_type), NULL, NULL};
    pool_t *pool = world_pool(2);
    assert_int_equal(pool_imap(pool, repeat_function.callable.call, &source, POOL_RESULT(char *),
                               NULL, &iterator),
                     0);
    for (int i = 0; i < 50; i++) {
        assert_int_equal(pool_next(iterator, &text, -1), 1);
        expected = repeat("ab", i + 1);
        assert_string_equal(text, expected);
        free(expected);
        free(text);
    }
    assert_int_equal(pool_next(iterator, &text, -1), 0);
    pool_iterator_free(iterator);
}

static void several_iterations_run_side_by_side(void **state)
{
    enum { SIDES = 4 };
    pool_iterator_t *iterators[SIDES];
    int result;
    (void)state;
    pool_t *pool = world_pool(3);
    pool_source_t source = {.in = POOL_IN(items, ITEMS)};
    for (int k = 0; k < SIDES; k++)
        iterators[k] = start(pool_imap, pool, work_triple, &source, (size_t)k);
    for (int i = 0; i < ITEMS; i++) {
        for (int k = 0; k < SIDES; k++) {
            assert_int_equal(pool_next(iterators[k], &result, -1), 1);
            assert_int_equal(result, 3 * i);
        }
        if (i % 1000 == 0)
            outcome_pool_works(pool);
    }
    for (int k = 0; k < SIDES; k++) {
        assert_int_equal(pool_next(iterators[k], &result, -1), 0);
        pool_iterator_free(iterators[k]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(each_result_comes_once_and_in_order_if_wanted),
        WORLD_TEST(an_empty_source_gives_nothing),
        WORLD_TEST(failing_and_crashing_items_have_their_place_in_the_stream),
        WORLD_TEST(items_before_an_error_of_the_source_are_given),
        WORLD_TEST(texts_come_and_go_one_by_one),
        WORLD_TEST(structs_come_and_go_one_by_one),
        WORLD_TEST(iterations_without_results_tell_of_each_item),
        WORLD_TEST(typed_functions_are_iterated_over),
        WORLD_TEST(several_iterations_run_side_by_side),
    };
    for (int i = 0; i < ITEMS; i++)
        items[i] = i;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
