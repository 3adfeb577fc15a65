/* A part of a job, run for itself: with the options `first` and `keys`, its indices, seeds and errors
 * are those that it has in the whole job. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/host.h"
#include "support/outcome.h"
#include "support/world.h"

enum { COUNT = 1000, FROM = 301, PART = 500 };

struct answer {
    size_t index;
    uint64_t seed;
};

static const int numbers[COUNT];
static char *texts[COUNT];
static uint64_t keys[COUNT];
static struct answer whole[COUNT];

/* Whether item `index` of the whole job ends badly, by its number in the whole. */
static bool fails(size_t index)
{
    return index % 50 == 17;
}

static int tell(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    size_t index = pool_task_index(task);
    if (index % 100 == 17)
        raise(SIGKILL);
    if (fails(index))
        return pool_fail(task, EDOM, "item %zu", index);
    if (result)
        *(struct answer *)result = (struct answer){index, pool_task_seed(task)};
    return 0;
}

static int tell_as_text(const void *item, void *result, pool_task_t *task)
{
    struct answer answer = {0};
    int code = tell(item, &answer, task);
    if (code == 0 &&
        asprintf(result, "%zu %llx", answer.index, (unsigned long long)answer.seed) < 0)
        return -ENOMEM;
    return code;
}

static int tell_seed(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    *(uint64_t *)result = pool_task_seed(task);
    return 0;
}

/* Kills its worker at some places, which are places in the part. */
static int tell_seed_or_die(const void *item, void *result, pool_task_t *task)
{
    if (pool_task_index(task) % 90 == 40)
        raise(SIGKILL);
    return tell_seed(item, result, task);
}

static int add_seed(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    *(uint64_t *)result += pool_task_seed(task);
    return 0;
}

static int merge(void *into, const void *from)
{
    *(uint64_t *)into += *(const uint64_t *)from;
    return 0;
}

static const pool_map_options_t all = {.seed = 42}, part = {.seed = 42, .first = FROM};

static void answer_whole(pool_t *pool)
{
    memset(whole, 0, sizeof whole);
    assert_int_equal(pool_map_with(pool, tell, POOL_IN(numbers, COUNT), POOL_OUT(whole), &all),
                     COUNT / 50);
}

/* Asserts that the last call was of the part, and that its errors have their indices in the whole. */
static void errors_are_of_the_part(pool_t *pool)
{
    const pool_error_t *errors;
    size_t count = pool_errors(pool, &errors), at = 0;
    for (size_t i = FROM; i < FROM + PART; i++)
        if (fails(i)) {
            assert_true(at < count);
            assert_int_equal(errors[at++].index, i);
        }
    assert_int_equal(at, count);
}

static void a_part_has_the_indices_of_the_whole(void **state)
{
    (void)state;
    for (int workers = 1; workers <= 3; workers++) {
        pool_t *pool = world_pool(workers);
        answer_whole(pool);
        for (size_t chunksize = 0; chunksize < 30; chunksize += 9) {
            struct answer answers[PART] = {{0}};
            pool_map_options_t options = part;
            options.chunksize = chunksize;
            pool_map_with(pool, tell, POOL_IN(numbers + FROM, PART), POOL_OUT(answers), &options);
            assert_memory_equal(answers, whole + FROM, sizeof answers);
            errors_are_of_the_part(pool);
        }
        world_free(pool);
    }
}

static void so_has_a_part_with_texts(void **state)
{
    char *answers[PART], expected[64];
    (void)state;
    pool_t *pool = world_pool(2);
    answer_whole(pool);
    pool_map_with(pool, tell_as_text, POOL_IN(texts, PART), POOL_OUT(answers), &part);
    errors_are_of_the_part(pool);
    for (size_t i = 0; i < PART; i++) {
        const struct answer *answer = &whole[FROM + i];
        snprintf(expected, sizeof expected, "%zu %llx", answer->index,
                 (unsigned long long)answer->seed);
        if (fails(FROM + i))
            assert_null(answers[i]);
        else
            assert_string_equal(answers[i], expected);
        free(answers[i]);
    }
}

static void so_has_a_part_that_is_iterated(void **state)
{
    (void)state;
    pool_t *pool = world_pool(2);
    answer_whole(pool);
    for (int kind = 0; kind < 3; kind++) {
        struct host_counter counter = {.count = PART};
        pool_source_t source = {.in = POOL_IN(numbers + FROM, PART)};
        if (kind == 2)
            source = (pool_source_t){POOL_IN((int *)NULL, 0), host_count_on, &counter};
        pool_iterator_t *iterator;
        struct answer answer;
        int got;
        size_t ends = 0;
        assert_int_equal((kind == 0 ? pool_imap : pool_imap_unordered)(
                             pool, tell, &source, POOL_RESULT(struct answer), &part, &iterator),
                         0);
        while ((got = pool_next(iterator, &answer, -1)) != 0) {
            size_t index = pool_next_index(iterator);
            assert_in_range(index, FROM, FROM + PART - 1);
            assert_int_equal(got, fails(index) ? POOL_EITEM : 1);
            if (got == 1)
                assert_memory_equal(&answer, &whole[index], sizeof answer);
            else
                assert_int_equal(pool_next_error(iterator)->index, index);
            ends++;
        }
        assert_int_equal(ends, PART);
        pool_iterator_free(iterator);
    }
}

/* ---- Keys ---- */

/* The seeds of all items, each by its index. */
static uint64_t seeds[COUNT];

/* Makes the keys a scattered choice of items of the whole, as a retry of some of them needs it. */
static void make_keys(pool_t *pool)
{
    assert_int_equal(pool_map_with(pool, tell_seed, POOL_RANGE(COUNT), POOL_OUT(seeds), &all), 0);
    for (size_t i = 0; i < COUNT; i++)
        keys[i] = (i * 377 + 5) % COUNT;
}

static void assert_seeds(const uint64_t *results, bool with_deaths)
{
    for (size_t i = 0; i < COUNT; i++)
        assert_true(results[i] == (with_deaths && i % 90 == 40 ? 0 : seeds[keys[i]]));
}

static void check_keys(pool_t *pool, bool serial)
{
    for (size_t chunksize = 0; chunksize < 30; chunksize += 9) {
        uint64_t results[COUNT] = {0}, sum = 0, expected = 0;
        pool_function_t function = serial ? tell_seed : tell_seed_or_die;
        pool_map_options_t options = {.seed = 42, .keys = keys, .chunksize = chunksize};
        pool_map_with(pool, function, POOL_RANGE(COUNT), POOL_OUT(results), &options);
        assert_seeds(results, !serial);
        memset(results, 0, sizeof results);
        pool_map_with(pool, function, POOL_IN(numbers, COUNT), POOL_OUT(results), &options);
        assert_seeds(results, !serial);
        memset(results, 0, sizeof results);
        pool_map_with(pool, function, POOL_IN(texts, COUNT), POOL_OUT(results), &options);
        assert_seeds(results, !serial);
        assert_int_equal(
            pool_fold(pool, add_seed, merge, POOL_RANGE(COUNT), POOL_OUT(&sum), &options), 0);
        for (size_t i = 0; i < COUNT; i++)
            expected += seeds[keys[i]];
        assert_true(sum == expected);
    }
}

static void seeds_are_made_of_the_keys(void **state)
{
    (void)state;
    for (int workers = 0; workers <= 2; workers++) {
        pool_options_t options = {.processes = workers, .serial = workers == 0};
        pool_t *pool = world_pool_with(&options);
        make_keys(pool);
        check_keys(pool, workers == 0);
        world_free(pool);
    }
}

static void so_are_those_of_an_iterator(void **state)
{
    pool_map_options_t options = {.seed = 42, .keys = keys, .first = 10};
    pool_source_t source = {.in = POOL_RANGE(COUNT)};
    pool_iterator_t *iterator;
    uint64_t seed;
    (void)state;
    pool_t *pool = world_pool(2);
    make_keys(pool);
    assert_int_equal(
        pool_imap(pool, tell_seed, &source, POOL_RESULT(uint64_t), &options, &iterator), 0);
    for (size_t i = 0; i < COUNT; i++) {
        assert_int_equal(pool_next(iterator, &seed, -1), 1);
        assert_int_equal(pool_next_index(iterator), 10 + i);
        assert_true(seed == seeds[keys[i]]);
    }
    assert_int_equal(pool_next(iterator, &seed, -1), 0);
    pool_iterator_free(iterator);
}

/* More keys than memory for items: a chunk has as many items as there is room for their keys. */
static void many_items_may_have_keys(void **state)
{
    enum { MANY = 300000 };
    uint64_t *many = world_alloc(MANY, sizeof *many), *results = world_alloc(MANY, sizeof *results);
    (void)state;
    for (size_t i = 0; i < MANY; i++)
        many[i] = i % COUNT;
    pool_options_t options = {.processes = 2, .budget = 65536};
    pool_t *pool = world_pool_with(&options);
    make_keys(pool);
    for (size_t chunksize = 0; chunksize <= MANY; chunksize += MANY) {
        pool_map_options_t how = {.seed = 42, .keys = many, .chunksize = chunksize};
        assert_int_equal(pool_map_with(pool, tell_seed, POOL_RANGE(MANY), POOL_OUT(results), &how),
                         0);
        uint64_t sum = 0, expected = 0;
        for (size_t i = 0; i < MANY; i++) {
            assert_true(results[i] == seeds[many[i]]);
            expected += results[i];
        }
        assert_int_equal(pool_fold(pool, add_seed, merge, POOL_RANGE(MANY), POOL_OUT(&sum), &how),
                         0);
        assert_true(sum == expected);
    }
}

/* ---- What makes no sense ---- */

static void indices_and_keys_that_make_no_sense_are_refused(void **state)
{
    pool_map_options_t last = {.first = SIZE_MAX - 3}, far = {.first = SIZE_MAX - 2},
                       first = {.first = 1}, keyed = {.keys = keys};
    struct host_counter counter = {.count = 3};
    pool_source_t source = {POOL_IN((int *)NULL, 0), host_count_on, &counter},
                  array = {.in = POOL_IN(numbers, 3)};
    pool_iterator_t *iterator;
    struct answer answers[3];
    (void)state;
    pool_t *pool = world_pool(1);
    assert_int_equal(pool_map_with(pool, tell, POOL_IN(numbers, 3), POOL_OUT(answers), &last), 0);
    assert_true(answers[2].index == SIZE_MAX - 1);
    assert_int_equal(pool_map_with(pool, tell, POOL_IN(numbers, 3), POOL_OUT(answers), &far),
                     POOL_EOVERFLOW);
    assert_int_equal(pool_imap(pool, tell, &array, POOL_RESULT(struct answer), &far, &iterator),
                     POOL_EOVERFLOW);
    assert_int_equal(pool_imap(pool, tell, &source, POOL_RESULT(struct answer), &keyed, &iterator),
                     POOL_EOPTION);
    assert_int_equal(pool_broadcast_async(pool, tell, POOL_RANGE(1), POOL_NONE, &first, NULL),
                     POOL_EOPTION);
    assert_int_equal(pool_broadcast_async(pool, tell, POOL_RANGE(1), POOL_NONE, &keyed, NULL),
                     POOL_EOPTION);
    outcome_pool_works(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(a_part_has_the_indices_of_the_whole),
        WORLD_TEST(so_has_a_part_with_texts),
        WORLD_TEST(so_has_a_part_that_is_iterated),
        WORLD_TEST(seeds_are_made_of_the_keys),
        WORLD_TEST(so_are_those_of_an_iterator),
        WORLD_TEST(many_items_may_have_keys),
        WORLD_TEST(indices_and_keys_that_make_no_sense_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
