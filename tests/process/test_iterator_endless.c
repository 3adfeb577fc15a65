/* Ten million items through an iterator: the host stays as small as it was, and nothing is lost. */
#include <unistd.h>

#include "support/deadline.h"
#include "support/host.h"
#include "support/process.h"
#include "support/world.h"

static uint64_t next_item; /* not on the stack: the pool may outlive a test that fails */

static int half_square(const void *item, void *result, pool_task_t *task)
{
    uint64_t i = *(const uint64_t *)item;
    (void)task;
    *(uint64_t *)result = i * i / 2;
    return 0;
}

/* Takes results, one by one, until `count` have been taken since the start. */
static void take(pool_iterator_t *iterator, uint64_t from, uint64_t count, uint64_t *sum)
{
    uint64_t result;
    for (uint64_t i = from; i < count; i++) {
        if (pool_next(iterator, &result, -1) != 1 || pool_next_index(iterator) != i)
            fail_msg("item %llu", (unsigned long long)i);
        *sum += result;
    }
}

static void ten_million_items_take_no_more_memory_than_one(void **state)
{
    enum { LITTLE = 4096 }; /* KiB */
    const uint64_t count = 10000000 / (uint64_t)deadline_slowness(), warm = count / 10;
    uint64_t sum = 0, wanted = 0;
    pool_source_t source = {
        .in = POOL_IN((uint64_t *)0, 0), .next = host_count_for_ever, .context = &next_item};
    pool_iterator_t *iterator = NULL;
    (void)state;
    next_item = 0;
    assert_int_equal(
        pool_imap(world_pool(2), half_square, &source, POOL_RESULT(uint64_t), NULL, &iterator), 0);
    take(iterator, 0, warm, &sum);
    long before = process_kilobytes(getpid(), "VmRSS");
    assert_true(before > 0);
    take(iterator, warm, count, &sum);
    long grown = process_kilobytes(getpid(), "VmRSS") - before;
    if (grown > LITTLE)
        fail_msg("%ld KiB more", grown);
    for (uint64_t i = 0; i < count; i++)
        wanted += i * i / 2;
    assert_true(sum == wanted);
    pool_iterator_free(iterator);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST_WITHIN(ten_million_items_take_no_more_memory_than_one, 90),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
