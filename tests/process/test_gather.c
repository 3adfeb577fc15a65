/* Items that do not lie one after the other: what an array of pointers points to, members of structs,
 * windows. The results are those of copies that do, in all calls. Arrays that are too short for their
 * count are refused where the compiler knows how long they are. */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "support/outcome.h"
#include "support/work.h"
#include "support/world.h"

enum { ITEMS = 5000 };

struct town {
    char name[12];
    int people;
    const char *river;
    double area;
};

static int shout(const void *item, void *result, pool_task_t *task)
{
    const char *text = *(const char *const *)item;
    const size_t size = strlen(text) + sizeof "!";
    char *copy = pool_task_alloc(task, size);
    if (!copy)
        return -ENOMEM;
    snprintf(copy, size, "%s!", text);
    *(char **)result = copy;
    return 0;
}

static int sum_of_4(const void *item, void *result, pool_task_t *task)
{
    const int *values = item;
    (void)task;
    *(int *)result = values[0] + values[1] + values[2] + values[3];
    return 0;
}

static int add(const void *item, void *sum, pool_task_t *task)
{
    (void)task;
    *(int64_t *)sum += *(const int *)item;
    return 0;
}

/* Numbers that do not lie in the order of the pointers to them. */
static const int **scattered(size_t count)
{
    int *values = world_alloc(count, sizeof *values);
    const int **pointers = world_alloc(count, sizeof *pointers);
    for (size_t i = 0; i < count; i++) {
        values[count - 1 - i] = (int)i;
        pointers[i] = &values[count - 1 - i];
    }
    return pointers;
}

static void assert_tripled(const int *results, size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_int_equal(results[i], 3 * (int)i);
}

/* ---- Where items lie ---- */

static void gathered_items_are_copied_from_where_they_lie(void **state)
{
    int results[ITEMS] = {0};
    const int **items = scattered(ITEMS);
    pool_t *pool = world_pool(2);
    (void)state;
    for (size_t chunksize = 0; chunksize < 2000; chunksize += 999) {
        const pool_map_options_t options = {.chunksize = chunksize};
        memset(results, 0, sizeof results);
        assert_int_equal(pool_map_with(pool, work_triple, POOL_GATHER(items, ITEMS),
                                       POOL_OUT(results), &options),
                         0);
        assert_tripled(results, ITEMS);
    }
}

static void one_item_may_be_pointed_to_often(void **state)
{
    const int one = 14;
    const int *const items[] = {&one, &one, &one};
    int results[3] = {0};
    (void)state;
    assert_int_equal(pool_map(world_pool(2), work_triple, POOL_GATHER(items, 3), POOL_OUT(results)),
                     0);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(results[i], 42);
}

static void gathered_texts_are_texts(void **state)
{
    const char *one = "one", *two = "a longer text than one";
    const char **items[] = {&two, &one, &two};
    char *results[3];
    (void)state;
    assert_int_equal(pool_map(world_pool(2), shout, POOL_GATHER(items, 3), POOL_OUT(results)), 0);
    assert_string_equal(results[0], "a longer text than one!");
    assert_string_equal(results[1], "one!");
    assert_string_equal(results[2], "a longer text than one!");
    pool_release(&pool_type_text, results, 3);
}

static void a_column_is_a_member_of_each_struct(void **state)
{
    struct town towns[100];
    int people[100];
    char *rivers[100];
    pool_t *pool = world_pool(2);
    (void)state;
    for (int i = 0; i < 100; i++)
        towns[i] = (struct town){.people = i, .river = i % 2 ? "Elbe" : "Oder"};
    const struct town *all = towns;
    assert_int_equal(pool_map(pool, work_triple, POOL_COLUMN(all, 100, people), POOL_OUT(people)),
                     0);
    assert_tripled(people, 100);
    assert_int_equal(pool_map(pool, shout, POOL_COLUMN(towns, 100, river), POOL_OUT(rivers)), 0);
    for (int i = 0; i < 100; i++)
        assert_string_equal(rivers[i], i % 2 ? "Elbe!" : "Oder!");
    pool_release(&pool_type_text, rivers, 100);
}

static void items_may_overlap(void **state)
{
    int values[100], sums[97];
    (void)state;
    for (int i = 0; i < 100; i++)
        values[i] = i;
    const pool_in_t windows =
        pool_stride(pool_in(values, 97, 4 * sizeof(int), &pool_type_plain), sizeof(int));
    assert_int_equal(pool_map(world_pool(2), sum_of_4, windows, POOL_OUT(sums)), 0);
    for (int i = 0; i < 97; i++)
        assert_int_equal(sums[i], 4 * i + 6);
}

static void a_column_of_a_shared_array_is_copied(void **state)
{
    pool_t *pool = world_pool(2);
    struct town *towns = pool_shared_alloc(pool, 100, sizeof *towns);
    int **pointers = pool_shared_alloc(pool, 100, sizeof *pointers);
    int results[100];
    (void)state;
    assert_non_null(towns);
    assert_non_null(pointers);
    for (int i = 0; i < 100; i++) {
        towns[i].people = i;
        pointers[i] = &towns[i].people;
    }
    assert_int_equal(
        pool_map(pool, work_triple, POOL_COLUMN(towns, 100, people), POOL_OUT(results)), 0);
    assert_tripled(results, 100);
    memset(results, 0, sizeof results);
    assert_int_equal(pool_map(pool, work_triple, POOL_GATHER(pointers, 100), POOL_OUT(results)), 0);
    assert_tripled(results, 100);
    pool_shared_free(pool, towns);
    pool_shared_free(pool, pointers);
}

/* ---- In other calls ---- */

static void futures_iterators_and_folds_gather(void **state)
{
    const int **items = scattered(ITEMS);
    int results[ITEMS] = {0}, result;
    int64_t sum = 0;
    pool_t *pool = world_pool(2);
    pool_future_t *future;
    pool_iterator_t *iterator;
    (void)state;
    const pool_source_t source = {.in = POOL_GATHER(items, ITEMS)};
    assert_int_equal(pool_map_async(pool, work_triple, source.in, POOL_OUT(results), NULL, &future),
                     0);
    assert_int_equal(pool_future_get(future, -1), 0);
    pool_future_free(future);
    assert_tripled(results, ITEMS);
    assert_int_equal(pool_imap(pool, work_triple, &source, POOL_RESULT(int), NULL, &iterator), 0);
    for (int i = 0; i < ITEMS; i++) {
        assert_int_equal(pool_next(iterator, &result, -1), 1);
        assert_int_equal(result, 3 * i);
    }
    assert_int_equal(pool_next(iterator, &result, -1), 0);
    pool_iterator_free(iterator);
    assert_int_equal(pool_fold(pool, add, work_merge_int64, source.in, POOL_OUT(&sum), NULL), 0);
    assert_int_equal(sum, (int64_t)ITEMS * (ITEMS - 1) / 2);
}

static void a_broadcast_gathers_its_item(void **state)
{
    const int item = 5;
    const int *const pointer = &item;
    int results[2] = {0};
    (void)state;
    assert_int_equal(
        pool_broadcast(world_pool(2), work_triple, POOL_GATHER(&pointer, 1), POOL_OUT(results)), 0);
    assert_int_equal(results[0], 15);
    assert_int_equal(results[1], 15);
}

static void serial_pools_gather(void **state)
{
    const int **items = scattered(10);
    int results[10] = {0};
    const pool_options_t options = {.serial = true};
    (void)state;
    assert_int_equal(
        pool_map(world_pool_with(&options), work_triple, POOL_GATHER(items, 10), POOL_OUT(results)),
        0);
    assert_tripled(results, 10);
}

/* ---- Mistakes ---- */

/* Asserts that of 10 items those at 0, 4, 5 and 9 failed as items of NULL pointers. */
static void assert_nulls_failed(const pool_t *pool)
{
    static const size_t failed[] = {0, 4, 5, 9};
    const pool_error_t *errors;
    assert_int_equal(pool_errors(pool, &errors), 4);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(errors[i].index, failed[i]);
        assert_int_equal(errors[i].kind, POOL_FAILED);
        assert_int_equal(errors[i].code, -EFAULT);
        assert_string_equal(errors[i].message, "the pointer to the item is NULL");
    }
}

static void the_item_of_a_null_pointer_fails_alone(void **state)
{
    const int **items = scattered(10);
    const char *text = "text", **texts[10];
    char *shouted[10];
    int results[10] = {0};
    int64_t sum = 0;
    pool_t *pool = world_pool(2);
    (void)state;
    for (size_t i = 0; i < 10; i++)
        texts[i] = &text;
    items[0] = items[4] = items[5] = items[9] = NULL;
    texts[0] = texts[4] = texts[5] = texts[9] = NULL;
    const pool_in_t in = POOL_GATHER(items, 10);
    assert_int_equal(pool_map(pool, work_triple, in, POOL_OUT(results)), 4);
    assert_nulls_failed(pool);
    for (int i = 0; i < 10; i++)
        assert_int_equal(results[i], items[i] ? 3 * i : 0);
    assert_int_equal(pool_fold(pool, add, work_merge_int64, in, POOL_OUT(&sum), NULL), 4);
    assert_nulls_failed(pool);
    assert_int_equal(sum, 1 + 2 + 3 + 6 + 7 + 8);
    assert_int_equal(pool_map(pool, shout, POOL_GATHER(texts, 10), POOL_OUT(shouted)), 4);
    assert_nulls_failed(pool);
    for (int i = 0; i < 10; i++)
        assert_true(texts[i] ? strcmp(shouted[i], "text!") == 0 : !shouted[i]);
    pool_release(&pool_type_text, shouted, 10);
}

static void counts_beyond_known_arrays_are_refused(void **state)
{
    int items[4] = {1, 2, 3, 4}, results[3] = {-1, -1, -1}, enough[4];
    const int *const pointers[2] = {items, items + 1};
    const struct town towns[2] = {{.people = 1}, {.people = 2}};
    pool_t *pool = world_pool(1);
    pool_iterator_t *iterator = NULL;
    (void)state;
    const pool_source_t source = {.in = POOL_IN(items, sizeof items)};
    const pool_in_t wrong[] = {
        POOL_IN(items, sizeof items), POOL_IN(items + 1, 4),
        POOL_IN(&items[3], 2),        POOL_COLUMN(towns, 3, people),
        POOL_GATHER(pointers, 3),     POOL_IN_AS(items, 5, &pool_type_plain),
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(pool_map(pool, work_triple, wrong[i], POOL_NONE), POOL_EOVERFLOW);
    assert_int_equal(pool_map(pool, work_triple, POOL_IN(items, 4), POOL_OUT(results)),
                     POOL_EOVERFLOW);
    assert_int_equal(pool_imap(pool, work_triple, &source, POOL_RESULT(int), NULL, &iterator),
                     POOL_EOVERFLOW);
    assert_null(iterator);
    assert_int_equal(results[0], -1);
    assert_int_equal(pool_map(pool, work_triple, POOL_IN(items, 4), POOL_OUT(enough)), 0);
    assert_int_equal(pool_map(pool, work_triple, POOL_IN(items + 1, 3), POOL_OUT(results)), 0);
}

static int twice(int value)
{
    return 2 * value;
}
POOL_FUNCTION(twice, int, (int, value));

static void nothing(int value)
{
    (void)value;
}
POOL_FUNCTION(nothing, void, (int, value));

static void counts_beyond_known_rows_are_refused(void **state)
{
    struct twice_args rows[4] = {{1}, {2}, {3}, {4}};
    struct nothing_args more[2] = {{1}, {2}};
    const pool_map_options_t options = {.chunksize = 1};
    int results[3] = {0}, enough[4], five[5];
    pool_t *pool = world_pool(1);
    (void)state;
    assert_int_equal(pool_starmap(pool, &twice_function, rows, 5, five), POOL_EOVERFLOW);
    assert_int_equal(pool_starmap(pool, &twice_function, rows, 4, results), POOL_EOVERFLOW);
    assert_int_equal(pool_starmap_with(pool, &twice_function, rows, 4, results, &options),
                     POOL_EOVERFLOW);
    assert_int_equal(pool_starmap_async(pool, &twice_function, rows, 4, results, NULL, NULL),
                     POOL_EOVERFLOW);
    assert_int_equal(pool_starmap(pool, &nothing_function, more, 3, NULL), POOL_EOVERFLOW);
    assert_int_equal(pool_starmap(pool, &nothing_function, more, 2, NULL), 0);
    assert_int_equal(pool_starmap(pool, &twice_function, rows, 4, enough), 0);
    assert_int_equal(enough[3], 8);
}

static void bad_strides_and_missing_arrays_are_refused(void **state)
{
    int item = 1;
    pool_t *pool = world_pool(1);
    const struct town *no_towns = NULL;
    int **no_pointers = NULL;
    const pool_in_t far = pool_stride(pool_in(&item, 3, 4, &pool_type_plain), SIZE_MAX / 2);
    (void)state;
    assert_int_equal(pool_map(pool, work_triple, far, POOL_NONE), POOL_EOVERFLOW);
    assert_int_equal(pool_map(pool, work_triple, POOL_COLUMN(no_towns, 1, people), POOL_NONE),
                     POOL_ENODATA);
    assert_int_equal(pool_map(pool, work_triple, POOL_GATHER(no_pointers, 1), POOL_NONE),
                     POOL_ENODATA);
    assert_int_equal(pool_map(pool, work_triple, POOL_GATHER(no_pointers, 0), POOL_NONE), 0);
    outcome_pool_works(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(gathered_items_are_copied_from_where_they_lie),
        WORLD_TEST(one_item_may_be_pointed_to_often),
        WORLD_TEST(gathered_texts_are_texts),
        WORLD_TEST(a_column_is_a_member_of_each_struct),
        WORLD_TEST(items_may_overlap),
        WORLD_TEST(a_column_of_a_shared_array_is_copied),
        WORLD_TEST(futures_iterators_and_folds_gather),
        WORLD_TEST(a_broadcast_gathers_its_item),
        WORLD_TEST(serial_pools_gather),
        WORLD_TEST(the_item_of_a_null_pointer_fails_alone),
        WORLD_TEST(counts_beyond_known_arrays_are_refused),
        WORLD_TEST(counts_beyond_known_rows_are_refused),
        WORLD_TEST(bad_strides_and_missing_arrays_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
