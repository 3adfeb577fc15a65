/* maxmemoryperchild: a worker that has more memory than that leaves after its item. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "support/deadline.h"
#include "support/process.h"
#include "support/world.h"

enum { ITEMS = 60, MIB = 1 << 20, LEAK = MIB, LIMIT = 16 * MIB, SLACK = 2 * MIB };

/* Sanitizers keep what is freed, and books beside what is not. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MEMORY_IS_OTHERWISE 1
#else
#define MEMORY_IS_OTHERWISE 0
#endif

struct use {
    int triple;
    pid_t pid;
    size_t before, after; /* resident */
};

static int items[ITEMS];
static struct use uses[ITEMS];
static void *volatile leaked;

/* What this process has resident of its own. */
static size_t resident(void)
{
    long kilobytes = process_kilobytes(getpid(), "RssAnon");
    return kilobytes > 0 ? (size_t)kilobytes * 1024 : 0;
}

static void use_memory(size_t size)
{
    leaked = malloc(size);
    memset(leaked, 1, size);
}

/* Long enough for the memory to be looked at. */
static int begin(const void *item, struct use *use)
{
    const struct timespec moment = {.tv_nsec = 2000000};
    nanosleep(&moment, NULL);
    use->triple = 3 * *(const int *)item;
    use->pid = getpid();
    use->before = resident();
    return 0;
}

static int leak(const void *item, void *result, pool_task_t *task)
{
    struct use *use = result;
    (void)task;
    begin(item, use);
    use_memory(LEAK);
    use->after = resident();
    return 0;
}

/* For a moment it has more than the limit. What is freed in the heap could stay with the process. */
static int use_and_free(const void *item, void *result, pool_task_t *task)
{
    struct use *use = result;
    (void)task;
    begin(item, use);
    void *memory =
        mmap(NULL, LIMIT + LEAK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return ENOMEM;
    memset(memory, 1, LIMIT + LEAK);
    use->after = resident();
    munmap(memory, LIMIT + LEAK);
    return 0;
}

static int only_look(const void *item, void *result, pool_task_t *task)
{
    (void)task;
    return begin(item, result);
}

static int quickly(const void *item, void *result, pool_task_t *task)
{
    (void)task;
    *(struct use *)result = (struct use){.triple = 3 * *(const int *)item, .pid = getpid()};
    return 0;
}

static int fill_page(const void *item, void *result, pool_task_t *task)
{
    const struct timespec moment = {.tv_nsec = 1000000};
    (void)item;
    (void)task;
    nanosleep(&moment, NULL);
    memset(result, 1, MIB);
    return 0;
}

static pool_t *make_pool(int workers, size_t limit)
{
    pool_options_t options = {.processes = workers, .maxmemoryperchild = limit};
    if (MEMORY_IS_OTHERWISE)
        skip();
    return world_pool_with(&options);
}

static void map(pool_t *pool, pool_function_t function, size_t chunksize)
{
    pool_map_options_t options = {.chunksize = chunksize};
    memset(uses, 0, sizeof uses);
    assert_int_equal(pool_map_with(pool, function, POOL_IN(items, ITEMS), POOL_OUT(uses), &options),
                     0);
    for (int i = 0; i < ITEMS; i++)
        assert_int_equal(uses[i].triple, 3 * i);
}

/* How many items the process that ran this one ran in all. */
static int count_items(pid_t pid)
{
    int count = 0;
    for (int i = 0; i < ITEMS; i++)
        count += uses[i].pid == pid;
    return count;
}

static int count_processes(void)
{
    int count = 0;
    for (int i = 0; i < ITEMS; i++) {
        int first = 0;
        while (uses[first].pid != uses[i].pid)
            first++;
        count += first == i;
    }
    return count;
}

static void who_leaks_is_replaced_at_its_limit(void **state)
{
    static const size_t chunks[] = {0, 1, ITEMS};
    (void)state;
    for (int k = 0; k < 3; k++) {
        pool_t *pool = make_pool(1 + k % 2, LIMIT);
        map(pool, leak, chunks[k]);
        for (int i = 0; i < ITEMS; i++) {
            assert_true(uses[i].before > 0);
            assert_true(uses[i].before <= LIMIT);
            assert_true(uses[i].after <= LIMIT + SLACK);
            assert_true(count_items(uses[i].pid) <= LIMIT / LEAK + 1);
        }
        assert_true(count_processes() > ITEMS / (LIMIT / LEAK + 1));
        assert_true(pool_replaced(pool) > 0);
        world_free(pool);
    }
}

/* One that left for its memory had it. */
static void and_not_before(void **state)
{
    (void)state;
    pool_t *pool = make_pool(1, LIMIT);
    map(pool, leak, 1);
    for (int i = 0; i + 1 < ITEMS; i++)
        if (uses[i].pid != uses[i + 1].pid)
            assert_true(uses[i].after > LIMIT);
}

static void who_frees_it_stays(void **state)
{
    (void)state;
    pool_t *pool = make_pool(1, LIMIT);
    map(pool, use_and_free, 1);
    assert_int_equal(count_processes(), 1);
    assert_int_equal(pool_replaced(pool), 0);
    for (int i = 0; i < ITEMS; i++)
        assert_true(uses[i].after > LIMIT);
}

static void below_what_it_inherits_each_runs_one_item(void **state)
{
    char *inherited = world_alloc(1, LIMIT);
    (void)state;
    memset(inherited, 1, LIMIT);
    pool_t *pool = make_pool(2, LIMIT / 4);
    map(pool, only_look, 1);
    assert_int_equal(count_processes(), ITEMS);
    for (int i = 0; i < ITEMS; i++)
        assert_true(uses[i].before > LIMIT);
    map(pool, only_look, ITEMS);
    assert_int_equal(count_processes(), ITEMS);
}

static void a_limit_of_a_byte_stops_nothing(void **state)
{
    (void)state;
    pool_t *pool = make_pool(2, 1);
    for (size_t chunksize = 0; chunksize < 20; chunksize += 7)
        map(pool, quickly, chunksize);
    map(pool, only_look, 1);
    assert_int_equal(count_processes(), ITEMS);
}

static void shared_memory_is_nobodys(void **state)
{
    enum { PAGES = LIMIT / MIB };
    (void)state;
    pool_t *pool = make_pool(1, LIMIT / 2);
    struct page {
        char bytes[MIB];
    } *pages = pool_shared_alloc(pool, PAGES, sizeof *pages);
    int *numbers = world_alloc(PAGES, sizeof *numbers);
    assert_non_null(pages);
    for (int round = 0; round < 3; round++)
        assert_int_equal(pool_map(pool, fill_page, POOL_IN(numbers, PAGES), POOL_OUT(pages)), 0);
    assert_int_equal(pool_replaced(pool), 0);
    pool_shared_free(pool, pages);
}

static void without_a_limit_or_below_it_they_stay(void **state)
{
    (void)state;
    for (size_t limit = 0; limit <= (size_t)1 << 40; limit += (size_t)1 << 40) {
        pool_t *pool = make_pool(1, limit);
        map(pool, leak, 1);
        assert_int_equal(count_processes(), 1);
        assert_int_equal(pool_replaced(pool), 0);
        world_free(pool);
    }
}

static void whichever_limit_comes_first_counts(void **state)
{
    pool_options_t options = {
        .processes = 1, .maxmemoryperchild = LIMIT, .maxtasksperchild = ITEMS / 2};
    (void)state;
    if (MEMORY_IS_OTHERWISE)
        skip();
    pool_t *pool = world_pool_with(&options);
    map(pool, only_look, 1);
    assert_int_equal(count_processes(), 2);
    assert_int_equal(count_items(uses[0].pid), ITEMS / 2);
    map(pool, leak, 1);
    assert_true(count_processes() > 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(who_leaks_is_replaced_at_its_limit),
        WORLD_TEST(and_not_before),
        WORLD_TEST(who_frees_it_stays),
        WORLD_TEST(below_what_it_inherits_each_runs_one_item),
        WORLD_TEST(a_limit_of_a_byte_stops_nothing),
        WORLD_TEST(shared_memory_is_nobodys),
        WORLD_TEST(without_a_limit_or_below_it_they_stay),
        WORLD_TEST(whichever_limit_comes_first_counts),
    };
    for (int i = 0; i < ITEMS; i++)
        items[i] = i;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
