/* The budget: how much of the board calls take, whatever their size, and however slow who takes the
 * results. */
#include <string.h>
#include <unistd.h>

#include "support/deadline.h"
#include "support/outcome.h"
#include "support/process.h"
#include "support/work.h"
#include "support/world.h"

enum { KIB = 1024, MIB = 1024 * KIB };

/* Memory of the host that is shared with the workers, in bytes: what it has touched of the board. */
static size_t shared_memory(void)
{
    long kilobytes = process_kilobytes(getpid(), "RssShmem");
    assert_true(kilobytes >= 0);
    return (size_t)kilobytes * KIB;
}

static pool_t *make_pool(int processes, size_t budget)
{
    pool_options_t options = {.processes = processes, .budget = budget};
    return world_pool_with(&options);
}

/* What a pool may take beside its budget: orders, cells, the pages at the ends of arenas. */
enum { BESIDE = 5 * MIB / 2 };

static void assert_within(size_t before, size_t budget)
{
    size_t after = shared_memory(), taken = after > before ? after - before : 0;
    if (taken > budget + BESIDE)
        fail_msg("%zu bytes of a budget of %zu", taken, budget);
}

/* ---- Maps ---- */

enum { ROW = 4 * KIB };

struct row {
    unsigned char bytes[ROW];
};

static int add_one(const void *item, void *result, pool_task_t *task)
{
    const struct row *from = item;
    struct row *to = result;
    (void)task;
    for (size_t i = 0; i < ROW; i++)
        to->bytes[i] = (unsigned char)(from->bytes[i] + 1);
    return 0;
}

static void check_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (rows[i].bytes[0] != (i + 1) % 256 || rows[i].bytes[ROW - 1] != (i + 1) % 256)
            fail_msg("row %zu", i);
}

static void check_map(int processes, size_t budget, bool async)
{
    enum { COUNT = 16384 }; /* 64 MiB, and as much of results */
    struct row *rows = world_alloc(COUNT, sizeof *rows);
    struct row *results = world_alloc(COUNT, sizeof *results);
    pool_t *pool = make_pool(processes, budget);
    size_t before = shared_memory();
    for (size_t i = 0; i < COUNT; i++)
        memset(&rows[i], (int)(i % 256), sizeof rows[i]);
    if (async) {
        pool_future_t *future;
        assert_int_equal(
            pool_map_async(pool, add_one, POOL_IN(rows, COUNT), POOL_OUT(results), NULL, &future),
            0);
        assert_int_equal(pool_future_get(future, -1), 0);
        pool_future_free(future);
    } else {
        assert_int_equal(pool_map(pool, add_one, POOL_IN(rows, COUNT), POOL_OUT(results)), 0);
    }
    check_rows(results, COUNT);
    assert_within(before, budget);
    world_free(pool);
}

static void a_map_keeps_to_the_budget(void **state)
{
    (void)state;
    check_map(2, 256 * KIB, false);
    check_map(3, 4 * MIB, false);
    check_map(1, 24 * MIB, false);
}

static void a_future_keeps_to_the_budget(void **state)
{
    (void)state;
    check_map(2, 256 * KIB, true);
    check_map(3, 4 * MIB, true);
}

/* So that the tests above can fail: what is measured is what is taken. */
static void a_larger_budget_is_used(void **state)
{
    enum { COUNT = 32, LARGE = MIB };
    pool_map_options_t options = {.chunksize = 1};
    pool_future_t *future;
    (void)state;
    unsigned char(*items)[LARGE] = world_alloc(COUNT, LARGE);
    pool_t *pool = make_pool(1, 64 * MIB);
    size_t before = shared_memory();
    memset(items, 1, COUNT * sizeof *items);
    assert_int_equal(
        pool_map_async(pool, work_nothing, POOL_IN(items, COUNT), POOL_NONE, &options, &future), 0);
    assert_true(shared_memory() - before > 24 * MIB);
    assert_int_equal(pool_future_get(future, -1), 0);
    pool_future_free(future);
}

static void the_smallest_and_the_largest_budget_work(void **state)
{
    static const size_t budgets[] = {1, 64, KIB, SIZE_MAX};
    (void)state;
    for (size_t i = 0; i < sizeof budgets / sizeof budgets[0]; i++) {
        pool_t *pool = make_pool(2, budgets[i]);
        outcome_pool_works(pool);
        check_map(2, budgets[i] < MIB ? budgets[i] : 512 * MIB, i % 2);
        world_free(pool);
    }
}

/* ---- Iterators ---- */

/* Texts of 0 to 64 KiB, without an end. */
struct texts {
    size_t next;
    char *text;
};

static size_t length_of(size_t i)
{
    return i * 7919 % (64 * KIB);
}

static int next_text(void *context, void *item)
{
    struct texts *texts = context;
    size_t length = length_of(texts->next++);
    memset(texts->text, 'a' + (int)(texts->next % 26), length);
    texts->text[length] = '\0';
    *(char **)item = texts->text;
    return 1;
}

static int copy_text(const void *item, void *result, pool_task_t *task)
{
    const char *text = *(const char *const *)item;
    size_t size = strlen(text) + 1;
    char *copy = pool_task_alloc(task, size);
    if (!copy)
        return 1;
    *(char **)result = memcpy(copy, text, size);
    return 0;
}

/* The consumer is slow: between two results all is done that can be done without taking one. */
static void check_iteration(size_t budget, bool ordered)
{
    const size_t count = 2000 / (size_t)deadline_slowness();
    static struct texts texts; /* the pool may outlive this function, if the test fails */
    pool_source_t source = {.in = POOL_IN((char **)0, 0), .next = next_text, .context = &texts};
    pool_t *pool = make_pool(2, budget);
    pool_iterator_t *iterator;
    size_t before = shared_memory();
    texts = (struct texts){.text = world_alloc(1, 64 * KIB)};
    int error = ordered ? pool_imap(pool, copy_text, &source, POOL_RESULT(char *), NULL, &iterator)
                        : pool_imap_unordered(pool, copy_text, &source, POOL_RESULT(char *), NULL,
                                              &iterator);
    assert_int_equal(error, 0);
    for (size_t i = 0; i < count; i++) {
        char *text = NULL;
        assert_int_equal(pool_next(iterator, &text, -1), 1);
        assert_int_equal(strlen(text), length_of(pool_next_index(iterator)));
        pool_release(&pool_type_text, &text, 1);
        for (int step = 0; i % 100 == 0 && step < 20; step++)
            outcome_pool_works(pool);
        if (i > 100 && texts.next - i > 64 + 2 * budget / (32 * KIB))
            fail_msg("%zu items ahead", texts.next - i);
    }
    assert_within(before, budget);
    pool_iterator_free(iterator);
    world_free(pool);
}

static void an_endless_iteration_keeps_to_the_budget(void **state)
{
    (void)state;
    check_iteration(128 * KIB, true);
    check_iteration(2 * MIB, true);
    check_iteration(2 * MIB, false);
    check_iteration(16 * MIB, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(a_map_keeps_to_the_budget),
        WORLD_TEST(a_future_keeps_to_the_budget),
        WORLD_TEST(a_larger_budget_is_used),
        WORLD_TEST(the_smallest_and_the_largest_budget_work),
        WORLD_TEST(an_endless_iteration_keeps_to_the_budget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
