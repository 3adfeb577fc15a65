/* A serial pool gives the results and the errors of a pool with workers. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/host.h"
#include "support/outcome.h"
#include "support/work.h"
#include "support/world.h"

enum { COUNT = 500 };

static const size_t chunks[] = {0, 1, 7, COUNT};
enum { CHUNKS = sizeof chunks / sizeof chunks[0] };

static pool_t *serial_pool(void)
{
    pool_options_t options = {.serial = true};
    return world_pool_with(&options);
}

/* Asserts that the last calls on two pools failed alike; who ran the items may differ. */
static void assert_same_errors(const pool_t *one, const pool_t *other)
{
    const pool_error_t *errors[2];
    size_t count = pool_errors(one, &errors[0]);
    assert_int_equal(pool_errors(other, &errors[1]), count);
    for (size_t i = 0; i < count; i++) {
        const pool_error_t *a = &errors[0][i], *b = &errors[1][i];
        assert_int_equal(a->index, b->index);
        assert_int_equal(a->kind, b->kind);
        assert_int_equal(a->code, b->code);
        assert_string_equal(a->message, b->message);
        assert_int_equal(a->file == NULL, b->file == NULL);
        if (a->file)
            assert_string_equal(a->file, b->file);
        assert_int_equal(a->line, b->line);
        assert_int_equal(a->attempt, b->attempt);
    }
}

/* ---- Plain data ---- */

struct answer {
    size_t index;
    uint64_t seed;
    int value;
    unsigned attempt;
};

static int answer(const void *item, void *result, pool_task_t *task)
{
    int value = *(const int *)item;
    struct answer *answer = result;
    if (value % 50 == 13)
        return pool_fail(task, value, "no luck with %d", value);
    if (value % 50 == 14)
        return value;
    *answer = (struct answer){pool_task_index(task), pool_task_seed(task), 3 * value,
                              pool_task_attempt(task)};
    return pool_task_worker(task) < 0 || pool_task_cancelled(task);
}

static void plain_data_and_failures_are_the_same(void **state)
{
    int items[COUNT];
    (void)state;
    pool_t *serial = serial_pool(), *parallel = world_pool(2);
    for (int i = 0; i < COUNT; i++)
        items[i] = i;
    for (size_t k = 0; k < CHUNKS; k++) {
        static struct answer results[2][COUNT];
        pool_map_options_t options = {.chunksize = chunks[k], .seed = 5};
        memset(results, 0xee, sizeof results);
        assert_int_equal(
            pool_map_with(serial, answer, POOL_IN(items, COUNT), POOL_OUT(results[0]), &options),
            COUNT / 25);
        assert_int_equal(
            pool_map_with(parallel, answer, POOL_IN(items, COUNT), POOL_OUT(results[1]), &options),
            COUNT / 25);
        assert_memory_equal(results[0], results[1], sizeof results[0]);
        assert_same_errors(serial, parallel);
    }
    outcome_errors_in_order(serial, COUNT, COUNT / 25);
}

/* Every item fails, with so long a text that the notes of a chunk are full soon. */
static int complain(const void *item, void *result, pool_task_t *task)
{
    (void)result;
    return pool_fail(task, *(const int *)item + 1, "%0900d", *(const int *)item);
}

static void more_failures_than_fit_into_a_chunk_are_the_same(void **state)
{
    int items[COUNT];
    (void)state;
    pool_t *serial = serial_pool(), *parallel = world_pool(2);
    pool_map_options_t options = {.chunksize = COUNT};
    for (int i = 0; i < COUNT; i++)
        items[i] = i;
    assert_int_equal(pool_map_with(serial, complain, POOL_IN(items, COUNT), POOL_NONE, &options),
                     COUNT);
    assert_int_equal(pool_map_with(parallel, complain, POOL_IN(items, COUNT), POOL_NONE, &options),
                     COUNT);
    assert_same_errors(serial, parallel);
    outcome_errors_in_order(serial, COUNT, COUNT);
}

static int double_it(const void *item, void *result, pool_task_t *task)
{
    (void)task;
    *(int *)result = 2 * *(const int *)item;
    return 0;
}

static void shared_arrays_work(void **state)
{
    (void)state;
    pool_t *pool = serial_pool();
    int *values = pool_shared_alloc(pool, COUNT, sizeof *values);
    assert_non_null(values);
    for (int i = 0; i < COUNT; i++)
        values[i] = i;
    assert_int_equal(pool_map(pool, double_it, POOL_IN(values, COUNT), POOL_OUT(values)), 0);
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(values[i], 2 * i);
    pool_shared_free(pool, values);
}

/* ---- Other calls ---- */

static int add(const void *item, void *sum, pool_task_t *task)
{
    if (pool_task_index(task) % 50 == 17)
        return pool_fail(task, 17, "an unlucky number");
    *(double *)sum += item ? *(const double *)item : 1.0 / (double)(pool_task_index(task) + 1);
    return 0;
}

static void folds_are_the_same_to_the_last_bit(void **state)
{
    double numbers[COUNT], sums[4];
    (void)state;
    pool_t *pools[2] = {serial_pool(), world_pool(2)};
    for (int i = 0; i < COUNT; i++)
        numbers[i] = 1.0 / (i + 3);
    for (size_t k = 0; k < CHUNKS; k++) {
        pool_map_options_t options = {.chunksize = chunks[k]};
        memset(sums, 0, sizeof sums);
        for (int p = 0; p < 2; p++) {
            assert_int_equal(pool_fold(pools[p], add, work_merge_double, POOL_IN(numbers, COUNT),
                                       POOL_OUT(&sums[p]), &options),
                             COUNT / 50);
            assert_int_equal(pool_fold(pools[p], add, work_merge_double, POOL_RANGE(COUNT),
                                       POOL_OUT(&sums[2 + p]), &options),
                             COUNT / 50);
        }
        assert_memory_equal(&sums[0], &sums[1], sizeof sums[0]);
        assert_memory_equal(&sums[2], &sums[3], sizeof sums[2]);
        assert_true(sums[0] > 1 && sums[2] > 1);
        assert_same_errors(pools[0], pools[1]);
    }
}

static void a_broadcast_reaches_the_one_worker(void **state)
{
    int item = 21, results[2] = {0};
    (void)state;
    pool_t *pool = serial_pool();
    for (int round = 0; round < 3; round++) {
        results[0] = 0;
        assert_int_equal(pool_broadcast(pool, double_it, POOL_IN(&item, 1), POOL_OUT(results)), 0);
        assert_int_equal(results[0], 42);
        assert_int_equal(results[1], 0);
    }
    outcome_pool_works(pool);
}

static void its_size_stays_one(void **state)
{
    (void)state;
    pool_t *pool = serial_pool();
    assert_int_equal(pool_resize(pool, 0), POOL_EPROCESSES);
    for (int size = 3; size > 0; size--) {
        assert_int_equal(pool_resize(pool, size), 0);
        assert_int_equal(pool_processes(pool), 1);
        outcome_pool_works(pool);
    }
}

/* ---- Values with pointers ---- */

struct note {
    char *text;
    size_t count;
    char **words;
    int number;
};
POOL_STRUCT(note, (text), (count), (words, counted_by, count), (number));

/* Some fail, some are larger than all results before them together. */
static int make_note(const char *title, int number, struct note *note, pool_task_t *task)
{
    size_t size = number % 100 == 99 ? (size_t)3 << 20 : 20 + (size_t)number;
    if (number % 40 == 7)
        return pool_fail(task, EDOM, "%s has no number %d", title, number);
    note->text = pool_task_alloc(task, size);
    note->words = calloc(3, sizeof *note->words);
    if (!note->text || !note->words)
        return -ENOMEM;
    memset(note->text, 'a' + number % 26, size - 1);
    note->count = (size_t)number % 4;
    note->number = number;
    for (size_t i = 0; i < note->count; i++)
        note->words[i] = strdup(title);
    return 0;
}
POOL_FALLIBLE_OF(make_note, struct note, &note_type, (const char *, title), (int, number));

static void assert_same_note(const struct note *a, const struct note *b)
{
    assert_int_equal(a->text == NULL, b->text == NULL);
    if (a->text)
        assert_string_equal(a->text, b->text);
    assert_int_equal(a->number, b->number);
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < a->count; i++)
        assert_string_equal(a->words[i], b->words[i]);
}

static void structs_of_any_size_are_the_same(void **state)
{
    struct make_note_args rows[COUNT];
    struct note *notes[2] = {world_alloc(COUNT, sizeof *notes[0]),
                             world_alloc(COUNT, sizeof *notes[0])};
    (void)state;
    pool_t *pools[2] = {serial_pool(), world_pool(2)};
    for (int i = 0; i < COUNT; i++)
        rows[i] = (struct make_note_args){i % 2 ? "odd" : "even", i};
    for (size_t k = 0; k < CHUNKS; k++) {
        pool_map_options_t options = {.chunksize = chunks[k]};
        for (int p = 0; p < 2; p++)
            assert_int_equal(
                pool_starmap_with(pools[p], &make_note_function, rows, COUNT, notes[p], &options),
                (COUNT + 32) / 40);
        for (int i = 0; i < COUNT; i++)
            assert_same_note(&notes[0][i], &notes[1][i]);
        assert_same_errors(pools[0], pools[1]);
        pool_release(&note_type, notes[0], COUNT);
        pool_release(&note_type, notes[1], COUNT);
    }
}

static int shout(const void *item, void *result, pool_task_t *task)
{
    const char *text = *(const char *const *)item;
    char *copy = pool_task_alloc(task, 2 * strlen(text) + 1);
    if (!copy)
        return -ENOMEM;
    sprintf(copy, "%s%s", text, text);
    *(char **)result = copy;
    return 0;
}

static void texts_are_the_same(void **state)
{
    static const char *const items[] = {"", "a", "bc", "def", "a longer text than the others are"};
    char *results[5];
    (void)state;
    pool_t *pool = serial_pool();
    for (size_t chunksize = 0; chunksize < 4; chunksize++) {
        pool_map_options_t options = {.chunksize = chunksize};
        assert_int_equal(pool_map_with(pool, shout, POOL_IN(items, 5), POOL_OUT(results), &options),
                         0);
        for (int i = 0; i < 5; i++) {
            size_t length = strlen(items[i]);
            assert_int_equal(strlen(results[i]), 2 * length);
            assert_memory_equal(results[i], items[i], length);
            assert_string_equal(results[i] + length, items[i]);
        }
        pool_release(&pool_type_text, results, 5);
    }
}

/* A type with functions, which count themselves in the host: no copy of it runs them. */
static int packed, unpacked;

static int pack_number(const void *value, pool_writer_t *writer)
{
    packed++;
    return *(const int *)value % 20 == 3 ? EXDEV : pool_write(writer, value, sizeof(int));
}

static int unpack_number(void *value, pool_reader_t *reader)
{
    unpacked++;
    int error = pool_read(reader, value, sizeof(int));
    return error ? error : *(int *)value % 20 == 8 ? ENOTTY : 0;
}

static const pool_type_t number_type = {.name = "number",
                                        .kind = POOL_KIND_CUSTOM,
                                        .size = sizeof(int),
                                        .pack = pack_number,
                                        .unpack = unpack_number};

static void custom_types_run_in_the_host_and_fail_alike(void **state)
{
    int items[100], results[2][100];
    (void)state;
    pool_t *pools[2] = {serial_pool(), world_pool(2)};
    for (int i = 0; i < 100; i++)
        items[i] = i;
    packed = unpacked = 0;
    for (int p = 0; p < 2; p++) {
        assert_int_equal(pool_map(pools[p], double_it, POOL_IN_AS(items, 100, &number_type),
                                  POOL_OUT_AS(results[p], &number_type)),
                         20);
        if (p == 0)
            assert_true(packed > 100 && unpacked > 100); /* of items and of results */
    }
    assert_memory_equal(results[0], results[1], sizeof results[0]);
    assert_same_errors(pools[0], pools[1]);
}

/* ---- Iterators ---- */

/* Asserts that an iterator gives the answers in order, and each failure in its place. */
static void take_answers(pool_iterator_t *iterator, int count)
{
    struct answer result;
    for (int i = 0; i < count; i++) {
        int got = pool_next(iterator, &result, -1);
        assert_int_equal(pool_next_index(iterator), i);
        if (i % 50 == 13 || i % 50 == 14) {
            assert_int_equal(got, POOL_EITEM);
            assert_int_equal(pool_next_error(iterator)->code, i);
            continue;
        }
        assert_int_equal(got, 1);
        assert_int_equal(result.index, i);
        assert_int_equal(result.value, 3 * i);
    }
    assert_int_equal(pool_next(iterator, &result, -1), 0);
}

static void iterators_give_everything_in_order(void **state)
{
    enum { MANY = 20000 }; /* more than a window holds */
    pool_iterator_t *iterator;
    (void)state;
    pool_t *pool = serial_pool();
    for (size_t k = 0; k < CHUNKS; k++) {
        struct host_counter counter = {.count = MANY};
        pool_source_t source = {POOL_IN((int *)0, 0), host_count_on, &counter};
        pool_map_options_t options = {.chunksize = chunks[k]};
        assert_int_equal(
            pool_imap(pool, answer, &source, POOL_RESULT(struct answer), &options, &iterator), 0);
        take_answers(iterator, MANY);
        pool_iterator_free(iterator);
    }
}

static void an_endless_iterator_runs_no_further_than_its_window(void **state)
{
    struct host_counter counter = {.count = INT_MAX};
    pool_source_t source = {POOL_IN((int *)0, 0), host_count_on, &counter};
    pool_iterator_t *iterator;
    int result, sum = 0;
    (void)state;
    pool_t *pool = serial_pool();
    assert_int_equal(
        pool_imap_unordered(pool, double_it, &source, POOL_RESULT(int), NULL, &iterator), 0);
    for (int i = 0; i < 100; i++)
        pool_step(pool);
    assert_in_range(counter.next, 1, 10000);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(pool_next(iterator, &result, -1), 1);
        sum += result == 2 * i;
    }
    assert_int_equal(sum, 1000); /* with one worker, they end in order */
    pool_iterator_free(iterator);
    assert_int_equal(pool_close(pool), 0);
    assert_int_equal(pool_join(pool), 0);
}

/* ---- Failing fast ---- */

static int ran;

static int fail_at_ten(const void *item, void *result, pool_task_t *task)
{
    (void)result;
    (void)task;
    ran++;
    return *(const int *)item == 10;
}

static void fail_fast_runs_no_further_chunk(void **state)
{
    int items[COUNT];
    (void)state;
    pool_t *pool = serial_pool();
    pool_map_options_t options = {.chunksize = 4, .fail_fast = true};
    for (int i = 0; i < COUNT; i++)
        items[i] = i;
    ran = 0;
    assert_int_equal(pool_map_with(pool, fail_at_ten, POOL_IN(items, COUNT), POOL_NONE, &options),
                     COUNT - 11);
    assert_int_equal(ran, 12);
    outcome_is(pool, 10, POOL_FAILED, 1);
    for (size_t i = 12; i < COUNT; i++)
        outcome_is(pool, i, POOL_CANCELLED, -ECANCELED);
    outcome_pool_works(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(plain_data_and_failures_are_the_same),
        WORLD_TEST(more_failures_than_fit_into_a_chunk_are_the_same),
        WORLD_TEST(shared_arrays_work),
        WORLD_TEST(folds_are_the_same_to_the_last_bit),
        WORLD_TEST(a_broadcast_reaches_the_one_worker),
        WORLD_TEST(its_size_stays_one),
        WORLD_TEST(structs_of_any_size_are_the_same),
        WORLD_TEST(texts_are_the_same),
        WORLD_TEST(custom_types_run_in_the_host_and_fail_alike),
        WORLD_TEST(iterators_give_everything_in_order),
        WORLD_TEST(an_endless_iterator_runs_no_further_than_its_window),
        WORLD_TEST(fail_fast_runs_no_further_chunk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
