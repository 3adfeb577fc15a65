/* Functions of the user's begin with errno 0, whatever ran before in their process: which items those
 * were depends on the number of workers. */
#include <errno.h>

#include "support/host.h"
#include "support/ledger.h"
#include "support/world.h"

enum { COUNT = 40 };

enum moment { FUNCTION, INITIALIZER, FINALIZER, PACK, UNPACK, MERGE, SOURCE, MOMENTS };

static struct ledger *begun, *dirty; /* by moment: calls, and those that found an errno */

/* Notes that a function of the user's has begun, and leaves an errno behind. Returns the errno that
 * it found. */
static int begin(enum moment moment)
{
    int found = errno;
    ledger_mark(begun, moment);
    if (found)
        ledger_mark(dirty, moment);
    errno = EDOM;
    return found;
}

static int give_errno(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    int found = begin(FUNCTION);
    if (result)
        *(int *)result = found;
    return pool_task_index(task) % 7 == 3 ? 1 : 0;
}

static int start(void *initargs, void **state, pool_task_t *task)
{
    (void)initargs;
    (void)state;
    (void)task;
    begin(INITIALIZER);
    return 0;
}

static void end(void *state)
{
    (void)state;
    begin(FINALIZER);
}

static int merge(void *into, const void *from)
{
    begin(MERGE);
    *(int *)into |= *(const int *)from;
    return 0;
}

static int next(void *counter, void *item)
{
    begin(SOURCE);
    return host_count_on(counter, item);
}

/* ---- A type with functions of its own ---- */

struct number {
    int value;
};

static int pack(const void *value, pool_writer_t *writer)
{
    begin(PACK);
    return pool_write(writer, value, sizeof(struct number));
}

static int unpack(void *value, pool_reader_t *reader)
{
    begin(UNPACK);
    return pool_read(reader, value, sizeof(struct number));
}

static const pool_type_t number_type = {.name = "number",
                                        .kind = POOL_KIND_CUSTOM,
                                        .size = sizeof(struct number),
                                        .pack = pack,
                                        .unpack = unpack};

/* ---- Calls of all kinds ---- */

static void map_all_kinds(pool_t *pool)
{
    int items[COUNT] = {0}, results[COUNT], bits = 0;
    struct number numbers[COUNT] = {{0}}, copies[COUNT];
    pool_map_options_t options = {.chunksize = 3};
    errno = EBADF;
    pool_map(pool, give_errno, POOL_IN(items, COUNT), POOL_OUT(results));
    pool_map(pool, give_errno, POOL_RANGE(COUNT), POOL_NONE);
    pool_map(pool, give_errno, POOL_IN_AS(numbers, COUNT, &number_type),
             POOL_OUT_AS(copies, &number_type));
    pool_broadcast(pool, give_errno, POOL_RANGE(1), POOL_NONE);
    pool_fold(pool, give_errno, merge, POOL_RANGE(COUNT), POOL_OUT(&bits), &options);
}

static void iterate(pool_t *pool)
{
    struct host_counter counter = {.count = COUNT};
    pool_source_t source = {.in = POOL_IN((int *)NULL, 0), .next = next, .context = &counter};
    pool_iterator_t *iterator;
    int result, got;
    assert_int_equal(pool_imap(pool, give_errno, &source, POOL_RESULT(int), NULL, &iterator), 0);
    do
        got = pool_next(iterator, &result, -1);
    while (got == 1 || got == POOL_EITEM);
    assert_int_equal(got, 0);
    pool_iterator_free(iterator);
}

static void functions_begin_with_errno_0(void **state)
{
    (void)state;
    begun = ledger_make(MOMENTS);
    dirty = ledger_make(MOMENTS);
    for (int workers = 0; workers <= 3; workers++) {
        pool_options_t options = {.processes = workers,
                                  .serial = workers == 0,
                                  .initializer = start,
                                  .finalizer = end,
                                  .maxtasksperchild = 25};
        ledger_clear(begun);
        errno = EBADF;
        pool_t *pool = world_pool_with(&options);
        for (int round = 0; round < 2; round++) {
            map_all_kinds(pool);
            iterate(pool);
        }
        world_free(pool);
        for (size_t moment = 0; moment < MOMENTS; moment++)
            if (ledger_count(begun, moment) == 0 || ledger_count(dirty, moment) > 0)
                fail_msg("%d workers, moment %zu: of %u calls %u found an errno", workers, moment,
                         ledger_count(begun, moment), ledger_count(dirty, moment));
    }
}

/* What a function gives when it gives its errno: the same for any number of workers. */
static void results_made_of_errno_are_the_same(void **state)
{
    int items[COUNT] = {0}, results[COUNT] = {0};
    (void)state;
    begun = ledger_make(MOMENTS);
    dirty = ledger_make(MOMENTS);
    for (int workers = 1; workers <= 3; workers++) {
        pool_t *pool = world_pool(workers);
        for (size_t chunksize = 0; chunksize < 10; chunksize += 4) {
            pool_map_options_t options = {.chunksize = chunksize};
            pool_map_with(pool, give_errno, POOL_IN(items, COUNT), POOL_OUT(results), &options);
            for (size_t i = 0; i < COUNT; i++)
                assert_int_equal(results[i], 0);
        }
        world_free(pool);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(functions_begin_with_errno_0),
        WORLD_TEST(results_made_of_errno_are_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
