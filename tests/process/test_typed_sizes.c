/* Results of any size, mixed in one map. The host does not know them before, so a worker whose result
 * finds no room waits until the host has made some: that must lose, mix up and double nothing. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "support/crew.h"
#include "support/deadline.h"
#include "support/ledger.h"
#include "support/memory.h"
#include "support/outcome.h"
#include "support/process.h"
#include "support/subhost.h"
#include "support/world.h"

enum { KIB = 1 << 10, MIB = 1 << 20 };

static const size_t sizes[] = {
    0,   1,       40u * MIB, 15,     16,       17, 900,      1000,    1024, 1100,
    0,   5000,    65536,     3,      MIB,      7,  40 * KIB, 2 * MIB, 31,   100,
    255, 8 * KIB, 0,         4095,   4u * MIB, 1,  300000,   64,      0,    40u * MIB,
    2,   9000,    70000,     262128, 262144,   20, 262160,   12,      MIB,  8,
};
enum { COUNT = sizeof sizes / sizeof sizes[0] };

static const size_t chunks[] = {0, 1, 7, COUNT};
enum { CHUNKS = sizeof chunks / sizeof chunks[0] };

static struct ledger *executions;

/* Sizes of 40 MiB take too long where everything is slow. */
static size_t size_of(size_t i)
{
    size_t size = sizes[i % COUNT];
    return deadline_slowness() > 1 && size > MIB ? MIB + 7 : size;
}

static unsigned char letter_of(size_t row)
{
    return (unsigned char)('a' + row % 26);
}

/* ---- Blobs and texts ---- */

static pool_bytes_t make_bytes(size_t row, size_t size)
{
    pool_bytes_t bytes = {size || row % 4 ? malloc(size ? size : 1) : NULL, size};
    if (bytes.data)
        memset(bytes.data, letter_of(row), size);
    ledger_mark(executions, row);
    return bytes;
}
POOL_FUNCTION(make_bytes, pool_bytes_t, (size_t, row), (size_t, size));

static char *make_text(size_t row, size_t size)
{
    char *text = memory_text((char)letter_of(row), size);
    if (text)
        ledger_mark(executions, row);
    return text;
}
POOL_FUNCTION(make_text, char *, (size_t, row), (size_t, size));

static void check_bytes(const struct make_bytes_args *row, const pool_bytes_t *bytes)
{
    assert_int_equal(bytes->size, row->size);
    assert_int_equal(bytes->data == NULL, row->size == 0 && row->row % 4 == 0);
    assert_true(memory_is(bytes->data, bytes->size, letter_of(row->row)));
}

static void blobs_of_0_to_40_mebibytes_in_one_map(void **state)
{
    struct make_bytes_args rows[COUNT];
    pool_bytes_t results[COUNT];
    (void)state;
    executions = ledger_make(COUNT);
    for (size_t i = 0; i < COUNT; i++)
        rows[i] = (struct make_bytes_args){i, size_of(i)};
    pool_t *pool = world_pool(2);
    for (size_t k = 0; k < CHUNKS; k++) {
        pool_map_options_t options = {.chunksize = chunks[k]};
        ledger_clear(executions);
        assert_int_equal(
            pool_starmap_with(pool, &make_bytes_function, rows, COUNT, results, &options), 0);
        for (size_t i = 0; i < COUNT; i++)
            check_bytes(&rows[i], &results[i]);
        assert_true(ledger_all_within(executions, 1, 1));
        pool_release(&pool_type_bytes, results, COUNT);
    }
}

/* The sizes differ so wildly that no estimate fits: most rows of a chunk find no room. */
static void thousands_of_texts_of_wild_sizes(void **state)
{
    enum { MANY = 3000 };
    static const size_t sizes_of_chunks[] = {0, 1, 7, MANY};
    struct make_text_args *rows = world_alloc(MANY, sizeof *rows);
    char **results = world_alloc(MANY, sizeof *results);
    (void)state;
    executions = ledger_make(MANY);
    for (size_t i = 0; i < MANY; i++)
        rows[i] = (struct make_text_args){i, i * i % 37 == 1 ? i * 17 % 90000 : i % 50};
    pool_t *pool = world_pool(3);
    for (size_t k = 0; k < 4; k++) {
        pool_map_options_t options = {.chunksize = sizes_of_chunks[k]};
        ledger_clear(executions);
        assert_int_equal(
            pool_starmap_with(pool, &make_text_function, rows, MANY, results, &options), 0);
        for (size_t i = 0; i < MANY; i++) {
            assert_int_equal(strlen(results[i]), rows[i].size);
            assert_true(memory_is(results[i], rows[i].size, letter_of(i)));
        }
        assert_true(ledger_all_within(executions, 1, 1));
        pool_release(&pool_type_text, results, MANY);
    }
}

/* ---- Failures among them ---- */

/* Fails with a long message, crashes, or makes a text, by the row's number. */
static int make_some(size_t row, size_t size, char **result, pool_task_t *task)
{
    if (row % 5 == 1)
        return pool_fail(task, (int)row, "%0900zu", row);
    if (row % 41 == 3)
        raise(SIGKILL);
    *result = make_text(row, size);
    return 0;
}
POOL_FALLIBLE(make_some, char *, (size_t, row), (size_t, size));

static void check_some(const pool_t *pool, size_t row, const char *result, size_t size)
{
    if (row % 5 == 1 || row % 41 == 3) {
        outcome_is(pool, row, row % 5 == 1 ? POOL_FAILED : POOL_CRASHED,
                   row % 5 == 1 ? (int)row : SIGKILL);
        assert_null(result);
        return;
    }
    assert_int_equal(strlen(result), size);
    assert_true(memory_is(result, size, letter_of(row)));
}

static void failures_and_deaths_between_large_results(void **state)
{
    enum { MANY = 400 };
    static const size_t sizes_of_chunks[] = {0, 1, 7, MANY};
    struct make_some_args *rows = world_alloc(MANY, sizeof *rows);
    char **results = world_alloc(MANY, sizeof *results);
    (void)state;
    executions = ledger_make(MANY);
    for (size_t i = 0; i < MANY; i++)
        rows[i] = (struct make_some_args){i, i % 3 ? i : i * 997};
    pool_t *pool = world_pool(2);
    for (size_t k = 0; k < 4; k++) {
        pool_map_options_t options = {.chunksize = sizes_of_chunks[k]};
        ledger_clear(executions);
        assert_int_equal(
            pool_starmap_with(pool, &make_some_function, rows, MANY, results, &options), 88);
        for (size_t i = 0; i < MANY; i++)
            check_some(pool, i, results[i], rows[i].size);
        assert_true(ledger_all_within(executions, 0, 1));
        pool_release(&pool_type_text, results, MANY);
    }
    outcome_pool_works(pool);
}

/* ---- Killed at any moment: also while they pack, or wait for room ---- */

/* Returns how many died. */
static size_t check_killed(const pool_t *pool, const struct make_bytes_args *rows,
                           pool_bytes_t *results, size_t count)
{
    size_t died = 0;
    for (size_t i = 0; i < count; i++) {
        if (!outcome_of(pool, i)) {
            check_bytes(&rows[i], &results[i]);
            continue;
        }
        outcome_is(pool, i, POOL_CRASHED, SIGKILL);
        assert_true(results[i].data == NULL && results[i].size == 0);
        died++;
    }
    return died;
}

static void workers_killed_at_any_moment(void **state)
{
    enum { MANY = 400 };
    struct make_bytes_args rows[MANY];
    pool_bytes_t results[MANY];
    pid_t worker;
    (void)state;
    executions = ledger_make(MANY);
    for (size_t i = 0; i < MANY; i++)
        rows[i] = (struct make_bytes_args){i, i % 4 ? i * 3001 % 300000 : i};
    pool_t *pool = world_pool(2);
    pool_pids(pool, &worker, 1);
    pid_t supervisor = process_supervisor(worker);
    pid_t killer = subhost_start(crew_killer, &supervisor);
    for (size_t round = 0; round < 8; round++) {
        pool_map_options_t options = {.chunksize = chunks[round % CHUNKS]};
        ledger_clear(executions);
        int failed = pool_starmap_with(pool, &make_bytes_function, rows, MANY, results, &options);
        assert_true(failed >= 0);
        assert_int_equal(check_killed(pool, rows, results, MANY), failed);
        assert_true(ledger_all_within(executions, 0, 1));
        pool_release(&pool_type_bytes, results, MANY);
    }
    process_kill(killer);
    subhost_wait(killer);
    outcome_pool_works(pool);
}

/* ---- Larger than there can be ---- */

/* Says that its blob is larger than any memory. */
static pool_bytes_t boast(int row, size_t size)
{
    (void)row;
    return (pool_bytes_t){calloc(1, 100), size};
}
POOL_FUNCTION(boast, pool_bytes_t, (int, row), (size_t, size));

static void results_without_bound_fail_alone(void **state)
{
    static const size_t wild[] = {(size_t)1 << 46, PTRDIFF_MAX - 100, SIZE_MAX - 40, SIZE_MAX};
    struct boast_args rows[30];
    pool_bytes_t results[30];
    (void)state;
    pool_t *pool = world_pool(2);
    for (size_t k = 0; k < 16; k++) {
        pool_map_options_t options = {.chunksize = k / 4 * 10};
        for (int i = 0; i < 30; i++)
            rows[i] = (struct boast_args){i, i % 10 == 5 ? wild[k % 4] : (size_t)i};
        assert_int_equal(pool_starmap_with(pool, &boast_function, rows, 30, results, &options), 3);
        for (size_t i = 0; i < 30; i++) {
            const pool_error_t *error = outcome_of(pool, i);
            assert_int_equal(error != NULL, i % 10 == 5);
            assert_int_equal(results[i].size, error ? 0 : i);
            assert_true(!error || (error->kind == POOL_FAILED && error->code < 0));
            assert_true(!error || strstr(error->message, "the result could not be packed"));
        }
        pool_release(&pool_type_bytes, results, 30);
    }
    assert_int_equal(pool_replaced(pool), 0);
}

/* In a host that may have little address space, shared memory is small, and ends. */
static void use_small_memory(void *unused)
{
    struct rlimit limit = {.rlim_cur = (size_t)1 << 30, .rlim_max = (size_t)1 << 30};
    static const size_t some[] = {5, 100u * MIB, 1000, 600u * MIB, 100u * MIB, 0, 7};
    struct boast_args rows[7];
    pool_bytes_t results[7];
    pool_t *pool;
    pool_options_t options = {.processes = 2};
    (void)unused;
    setrlimit(RLIMIT_AS, &limit);
    SUBHOST_EQUAL(pool_create(&pool, &options), 0);
    for (int i = 0; i < 7; i++)
        rows[i] = (struct boast_args){i, some[i]};
    rows[1].size = rows[4].size = 10;
    SUBHOST_EQUAL(pool_starmap(pool, &boast_function, rows, 7, results), 1);
    SUBHOST_EQUAL(outcome_of(pool, 3)->code, -ENOMEM);
    SUBHOST_CHECK(strstr(outcome_of(pool, 3)->message, "the result could not be packed"));
    for (int i = 0; i < 7; i++)
        SUBHOST_CHECK(results[i].size == (i == 3 ? 0 : rows[i].size));
    pool_release(&pool_type_bytes, results, 7);
    pool_free(pool);
}

static void shared_memory_that_ends_costs_the_item(void **state)
{
    (void)state;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    skip(); /* they need the address space for themselves */
#endif
    subhost_passes(use_small_memory, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(blobs_of_0_to_40_mebibytes_in_one_map),
        WORLD_TEST(thousands_of_texts_of_wild_sizes),
        WORLD_TEST(failures_and_deaths_between_large_results),
        WORLD_TEST(workers_killed_at_any_moment),
        WORLD_TEST(results_without_bound_fail_alone),
        WORLD_TEST(shared_memory_that_ends_costs_the_item),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
