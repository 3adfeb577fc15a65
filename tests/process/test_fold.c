/* Folds: always the same sum, whatever the workers, the items and the size of the accumulator. */
#include <poll.h>

#include "process/fold.h"
#include "support/gate.h"
#include "support/host.h"
#include "support/ledger.h"
#include "support/process.h"

enum { COUNT = 5000, MIB = 1 << 20 };

static int add_value(const void *item, void *result, pool_task_t *task)
{
    double value = *(const double *)item;
    if (value != total_value(pool_task_index(task)))
        return 1;
    total_add(result, value);
    return 0;
}

static int add_index(const void *item, void *result, pool_task_t *task)
{
    if (item)
        return 1;
    total_add(result, total_value(pool_task_index(task)));
    return 0;
}

static double *make_values(size_t count)
{
    double *values = world_alloc(count, sizeof *values);
    for (size_t i = 0; i < count; i++)
        values[i] = total_value(i);
    return values;
}

static void check(pool_t *pool, const double *values, size_t count, size_t chunksize)
{
    struct total total = {0};
    pool_map_options_t options = {.chunksize = chunksize};
    assert_int_equal(
        pool_fold(pool, add_value, total_merge, POOL_IN(values, count), POOL_OUT(&total), &options),
        0);
    total_is(&total, total_without(NULL, 0, count, chunksize, (struct total){0}));
}

/* ---- The order ---- */

static void sums_are_the_same_for_all_workers_and_chunks(void **state)
{
    static const int workers[] = {1, 2, 3, 7};
    static const size_t chunks[] = {0, 1, 2, 7, 500, COUNT, SIZE_MAX};
    static const size_t counts[] = {1, 2, 1023, 1024, 1025, COUNT};
    (void)state;
    const double *values = make_values(COUNT);
    for (size_t w = 0; w < sizeof workers / sizeof workers[0]; w++) {
        pool_t *pool = world_pool(workers[w]);
        for (size_t c = 0; c < sizeof chunks / sizeof chunks[0]; c++)
            check(pool, values, COUNT, chunks[c]);
        for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++)
            check(pool, values, counts[c], 0);
        world_free(pool);
    }
}

static void sums_are_the_same_with_short_lives(void **state)
{
    static const size_t lives[] = {1, 2, 3, 50};
    (void)state;
    const double *values = make_values(COUNT);
    for (size_t i = 0; i < sizeof lives / sizeof lives[0]; i++) {
        pool_options_t options = {.processes = 3, .maxtasksperchild = lives[i]};
        pool_t *pool = world_pool_with(&options);
        check(pool, values, 20 * lives[i], 7);
        check(pool, values, 20 * lives[i], 0);
        world_free(pool);
    }
}

static void without_options_blocks_are_the_same(void **state)
{
    struct total total = {0};
    (void)state;
    const double *values = make_values(COUNT);
    assert_int_equal(pool_fold(world_pool(2), add_value, total_merge, POOL_IN(values, COUNT),
                               POOL_OUT(&total), NULL),
                     0);
    total_is(&total, total_without(NULL, 0, COUNT, 0, (struct total){0}));
}

static void each_block_begins_with_what_is_there(void **state)
{
    const struct total initial = {.sum = 0.1, .hash = 77, .count = 1000};
    pool_map_options_t options = {.chunksize = 100};
    struct total total = initial;
    (void)state;
    const double *values = make_values(COUNT);
    assert_int_equal(pool_fold(world_pool(2), add_value, total_merge, POOL_IN(values, COUNT),
                               POOL_OUT(&total), &options),
                     0);
    total_is(&total, total_without(NULL, 0, COUNT, 100, initial));
    assert_int_equal(total.count, COUNT + COUNT / 100 * 1000);
}

static void without_items_the_accumulator_stays(void **state)
{
    const struct total initial = {.sum = 0.1, .hash = 77, .count = 1000};
    struct total total = initial;
    (void)state;
    pool_t *pool = world_pool(2);
    assert_int_equal(
        pool_fold(pool, add_value, total_merge, POOL_IN((double *)1, 0), POOL_OUT(&total), NULL),
        0);
    total_is(&total, initial);
    assert_int_equal(pool_fold(pool, add_index, total_merge, POOL_RANGE(0), POOL_OUT(&total), NULL),
                     0);
    total_is(&total, initial);
}

/* ---- Items ---- */

static void items_may_be_a_range(void **state)
{
    struct total total = {0};
    (void)state;
    assert_int_equal(pool_fold(world_pool(3), add_index, total_merge, POOL_RANGE(100000),
                               POOL_OUT(&total), NULL),
                     0);
    total_is(&total, total_without(NULL, 0, 100000, 0, (struct total){0}));
}

static void items_and_accumulator_may_be_shared(void **state)
{
    (void)state;
    pool_t *pool = world_pool(2);
    double *values = pool_shared_alloc(pool, COUNT, sizeof *values);
    struct total *total = pool_shared_alloc(pool, 1, sizeof *total);
    for (size_t i = 0; i < COUNT; i++)
        values[i] = total_value(i);
    assert_int_equal(
        pool_fold(pool, add_value, total_merge, POOL_IN(values, COUNT), POOL_OUT(total), NULL), 0);
    total_is(total, total_without(NULL, 0, COUNT, 0, (struct total){0}));
}

struct line {
    char *text;
    double value;
};
POOL_STRUCT(line, (text), (value));

enum { LONGEST = 20000 };

static size_t length_of(size_t i)
{
    return i * 7919 % (LONGEST + 1);
}

static int add_line(const void *item, void *result, pool_task_t *task)
{
    const struct line *line = item;
    if (strlen(line->text) != length_of(pool_task_index(task)))
        return 1;
    total_add(result, line->value);
    return 0;
}

/* Blocks of a few megabytes, which are not on the board at once. */
static void items_may_be_structs_with_texts(void **state)
{
    enum { LINES = 600 };
    static const size_t chunks[] = {0, 1, 200, LINES};
    (void)state;
    struct line *lines = world_alloc(LINES, sizeof *lines);
    char *longest = world_alloc(LONGEST + 1, 1);
    memset(longest, 'x', LONGEST);
    for (size_t i = 0; i < LINES; i++) {
        lines[i].text = longest + LONGEST - length_of(i);
        lines[i].value = total_value(i);
    }
    pool_t *pool = world_pool(2);
    for (size_t i = 0; i < sizeof chunks / sizeof chunks[0]; i++) {
        struct total total = {0};
        pool_map_options_t options = {.chunksize = chunks[i]};
        assert_int_equal(pool_fold(pool, add_line, total_merge,
                                   POOL_IN_AS(lines, LINES, &line_type), POOL_OUT(&total),
                                   &options),
                         0);
        total_is(&total, total_without(NULL, 0, LINES, chunks[i], (struct total){0}));
    }
}

struct row {
    double values[512];
};

static int add_row(const void *item, void *result, pool_task_t *task)
{
    const struct row *row = item;
    double value = total_value(pool_task_index(task));
    if (row->values[0] != value || row->values[511] != value)
        return 1;
    total_add(result, value);
    return 0;
}

static void a_block_may_be_larger_than_the_budget(void **state)
{
    enum { ROWS = 300 };
    pool_options_t small = {.processes = 2, .budget = 64 << 10};
    pool_map_options_t options = {.chunksize = 110};
    struct total total = {0};
    (void)state;
    struct row *rows = world_alloc(ROWS, sizeof *rows);
    for (size_t i = 0; i < ROWS; i++)
        rows[i].values[0] = rows[i].values[511] = total_value(i);
    assert_int_equal(pool_fold(world_pool_with(&small), add_row, total_merge, POOL_IN(rows, ROWS),
                               POOL_OUT(&total), &options),
                     0);
    total_is(&total, total_without(NULL, 0, ROWS, 110, (struct total){0}));
}

static int add_seed(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    *(uint64_t *)result = *(uint64_t *)result * 3 + pool_task_seed(task);
    return 0;
}

static int merge_numbers(void *into, const void *from)
{
    *(uint64_t *)into = *(uint64_t *)into * 5 + *(const uint64_t *)from;
    return 0;
}

static void seeds_are_those_of_the_items(void **state)
{
    uint64_t sums[3] = {0};
    (void)state;
    for (int i = 0; i < 3; i++) {
        pool_map_options_t options = {.seed = i == 2 ? 8 : 7};
        assert_int_equal(pool_fold(world_pool(1 + i), add_seed, merge_numbers, POOL_RANGE(COUNT),
                                   POOL_OUT(&sums[i]), &options),
                         0);
    }
    assert_true(sums[0] == sums[1] && sums[1] != sums[2]);
}

/* ---- Accumulators ---- */

static size_t wide; /* bytes of the accumulator; set before the pool is made */

static void mark_wide(unsigned char *bytes, size_t i)
{
    bytes[i * 7919 % wide] = (unsigned char)(3 * bytes[i * 7919 % wide] + i + 1);
    bytes[wide - 1]++;
}

static int add_wide(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    if ((uintptr_t)result % 64)
        return 1;
    mark_wide(result, pool_task_index(task));
    return 0;
}

static int merge_wide(void *into, const void *from)
{
    unsigned char *bytes = into;
    const unsigned char *later = from;
    for (size_t i = 0; i < wide; i++)
        bytes[i] = (unsigned char)(bytes[i] * 5 + later[i]);
    return 0;
}

static void check_wide(size_t size, size_t budget, size_t count, size_t chunksize)
{
    unsigned char *is = calloc(1, size), *block = calloc(1, size), *should = calloc(1, size);
    pool_options_t small = {.processes = 3, .budget = budget};
    pool_map_options_t options = {.chunksize = chunksize};
    wide = size;
    pool_t *pool = world_pool_with(&small);
    assert_true(is && block && should);
    for (size_t i = 0; i < count; i++) {
        mark_wide(i < chunksize ? should : block, i);
        if (i >= chunksize && (i % chunksize == chunksize - 1 || i == count - 1)) {
            merge_wide(should, block);
            memset(block, 0, size);
        }
    }
    int failed = pool_fold(pool, add_wide, merge_wide, POOL_RANGE(count),
                           pool_out(is, size, &pool_type_plain), &options);
    bool same = memcmp(is, should, size) == 0;
    free(is);
    free(block);
    free(should);
    assert_int_equal(failed, 0);
    assert_true(same);
    world_free(pool);
}

static void accumulators_may_have_any_size(void **state)
{
    (void)state;
    check_wide(1, 0, 1000, 10);
    check_wide(8, 0, 1000, 1);
    check_wide(63, 0, 100, 3);
    check_wide(64, 0, 100, 3);
    check_wide(65, 0, 100, 3);
    check_wide(4096, 0, 1000, 7);
    check_wide(MIB, 0, 60, 5);
    check_wide(40 * MIB, 0, 9, 2);
}

static void accumulators_may_be_larger_than_the_budget(void **state)
{
    (void)state;
    check_wide(1, 1, 1000, 1);
    check_wide(MIB, 1, 40, 1);
    check_wide(MIB, MIB, 40, 3);
    check_wide(5 * MIB, 16 * MIB, 20, 1);
}

/* ---- What waits to be merged ---- */

static struct gate *gate;
static struct ledger *started;

static int add_behind_gate(const void *item, void *result, pool_task_t *task)
{
    ledger_mark(started, 0);
    if (pool_task_index(task) == 0 && !gate_pass(gate))
        return 1;
    return add_wide(item, result, task);
}

static size_t shared_kilobytes(void)
{
    long kilobytes = process_kilobytes(getpid(), "RssShmem");
    assert_true(kilobytes >= 0);
    return (size_t)kilobytes;
}

static void a_slow_block_does_not_fill_the_memory(void **state)
{
    enum { BLOCKS = 200, BUDGET = 16 * MIB };
    pool_options_t small = {.processes = 2, .budget = BUDGET};
    pool_map_options_t options = {.chunksize = 1};
    pool_future_t *future;
    (void)state;
    wide = MIB;
    gate = gate_make();
    started = ledger_make(1);
    unsigned char *bytes = world_alloc(1, wide);
    pool_t *pool = world_pool_with(&small);
    size_t before = shared_kilobytes();
    assert_int_equal(pool_fold_async(pool, add_behind_gate, merge_wide, POOL_RANGE(BLOCKS),
                                     pool_out(bytes, wide, &pool_type_plain), &options, &future),
                     0);
    for (int i = 0; i < 100; i++) { /* as much is done as can be */
        assert_int_equal(pool_step(pool), 1);
        poll(NULL, 0, 2);
    }
    assert_in_range(ledger_total(started), 3, 10);
    assert_true(shared_kilobytes() - before < BUDGET / 1024 + 4096);
    gate_open(gate);
    assert_int_equal(pool_future_get(future, -1), 0);
    assert_int_equal(ledger_total(started), BLOCKS);
    pool_future_free(future);
}

/* ---- Calls ---- */

static void note_progress(void *context, const pool_progress_t *progress)
{
    if (progress->failed == 0 && progress->total == COUNT && progress->done == COUNT)
        *(int *)context += 100;
}

static void futures_and_callbacks(void **state)
{
    int calls = 0;
    struct total total = {0};
    pool_future_t *future;
    (void)state;
    const double *values = make_values(COUNT);
    pool_map_options_t options = {.callback = host_count_call,
                                  .error_callback = host_count_call,
                                  .progress = note_progress,
                                  .context = &calls};
    pool_t *pool = world_pool(2);
    assert_int_equal(pool_fold_async(pool, add_value, total_merge, POOL_IN(values, COUNT),
                                     POOL_OUT(&total), &options, &future),
                     0);
    assert_int_equal(pool_future_get(future, -1), 0);
    assert_true(pool_future_successful(future));
    assert_int_equal(pool_future_errors(future, NULL), 0);
    pool_future_free(future);
    total_is(&total, total_without(NULL, 0, COUNT, 0, (struct total){0}));
    assert_int_equal(calls, 101);
}

static void nobody_need_hold_the_future(void **state)
{
    struct total total = {0};
    int calls = 0;
    pool_map_options_t options = {.callback = host_count_call, .context = &calls};
    (void)state;
    pool_t *pool = world_pool(2);
    assert_int_equal(pool_fold_async(pool, add_index, total_merge, POOL_RANGE(COUNT),
                                     POOL_OUT(&total), &options, NULL),
                     0);
    pool_close(pool);
    assert_int_equal(pool_join(pool), 0);
    assert_int_equal(calls, 1);
    total_is(&total, total_without(NULL, 0, COUNT, 0, (struct total){0}));
}

static void several_at_once(void **state)
{
    enum { CALLS = 12 };
    struct total totals[CALLS] = {{0}};
    pool_future_t *futures[CALLS];
    (void)state;
    pool_t *pool = world_pool(3);
    for (int i = 0; i < CALLS; i++) {
        pool_map_options_t options = {.priority = i % 3, .chunksize = (size_t)i * 5};
        assert_int_equal(pool_fold_async(pool, add_index, total_merge, POOL_RANGE(COUNT),
                                         POOL_OUT(&totals[i]), &options, &futures[i]),
                         0);
    }
    outcome_pool_works(pool);
    assert_int_equal(pool_wait(futures, CALLS, POOL_WAIT_ALL, -1), CALLS);
    for (size_t i = 0; i < CALLS; i++) {
        assert_int_equal(pool_future_get(futures[i], 0), 0);
        total_is(&totals[i], total_without(NULL, 0, COUNT, 5 * i, (struct total){0}));
        pool_future_free(futures[i]);
    }
}

/* ---- Bad input ---- */

static void bad_calls_are_refused(void **state)
{
    static const pool_type_t elsewhere = {.kind = POOL_KIND_TEXT, .size = sizeof(struct total)};
    const struct total initial = {.sum = 0.5, .hash = 7, .count = 9};
    struct total total = initial;
    double values[4] = {0};
    char *text = NULL;
    pool_map_options_t late = {.timeout = -1};
    pool_in_t in = POOL_IN(values, 4);
    pool_out_t out = POOL_OUT(&total);
    (void)state;
    pool_t *pool = world_pool(1);
    assert_int_equal(pool_fold(NULL, add_value, total_merge, in, out, NULL), POOL_ENOPOOL);
    assert_int_equal(pool_fold(pool, NULL, total_merge, in, out, NULL), POOL_ENOFUNCTION);
    assert_int_equal(pool_fold(pool, add_value, NULL, in, out, NULL), POOL_ENOFUNCTION);
    assert_int_equal(pool_fold(pool, add_value, total_merge, in, out, &late), POOL_EOPTION);
    assert_int_equal(pool_fold(pool, add_value, total_merge, in, POOL_NONE, NULL), POOL_ENODATA);
    out.size = 0;
    assert_int_equal(pool_fold(pool, add_value, total_merge, in, out, NULL), POOL_EITEMSIZE);
    out.size = SIZE_MAX / 2;
    assert_int_equal(pool_fold(pool, add_value, total_merge, in, out, NULL), POOL_EOVERFLOW);
    out = POOL_OUT_AS(&total, &elsewhere);
    assert_int_equal(pool_fold(pool, add_value, total_merge, in, out, NULL), POOL_ETYPE);
    out = POOL_OUT_AS(&total, &line_type);
    assert_int_equal(pool_fold(pool, add_value, total_merge, in, out, NULL), POOL_ETYPE);
    out = POOL_OUT_AS(&total, NULL);
    assert_int_equal(pool_fold(pool, add_value, total_merge, in, out, NULL), POOL_ETYPE);
    out = POOL_OUT_AS(&total, (const pool_type_t *)(const void *)values);
    assert_int_equal(pool_fold(pool, add_value, total_merge, in, out, NULL), POOL_ETYPE);
    assert_int_equal(pool_fold(pool, add_value, total_merge, in, POOL_OUT(&text), NULL),
                     POOL_ETYPE);
    in.data = NULL;
    out = POOL_OUT(&total);
    assert_int_equal(pool_fold(pool, add_value, total_merge, in, out, NULL), POOL_ENODATA);
    assert_int_equal(pool_fold_async(pool, add_value, total_merge, in, out, NULL, NULL),
                     POOL_ENODATA);
    pool_close(pool);
    assert_int_equal(pool_fold(pool, add_index, total_merge, POOL_RANGE(1), out, NULL),
                     POOL_ECLOSED);
    total_is(&total, initial);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST_WITHIN(sums_are_the_same_for_all_workers_and_chunks, 40),
        WORLD_TEST(sums_are_the_same_with_short_lives),
        WORLD_TEST(without_options_blocks_are_the_same),
        WORLD_TEST(each_block_begins_with_what_is_there),
        WORLD_TEST(without_items_the_accumulator_stays),
        WORLD_TEST(items_may_be_a_range),
        WORLD_TEST(items_and_accumulator_may_be_shared),
        WORLD_TEST(items_may_be_structs_with_texts),
        WORLD_TEST(a_block_may_be_larger_than_the_budget),
        WORLD_TEST(seeds_are_those_of_the_items),
        WORLD_TEST(accumulators_may_have_any_size),
        WORLD_TEST(accumulators_may_be_larger_than_the_budget),
        WORLD_TEST(a_slow_block_does_not_fill_the_memory),
        WORLD_TEST(futures_and_callbacks),
        WORLD_TEST(nobody_need_hold_the_future),
        WORLD_TEST(several_at_once),
        WORLD_TEST(bad_calls_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
