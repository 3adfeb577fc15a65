/* Functions that write where they should not: all over the memory that workers share with the host.
 * Their own and others' items may go wrong; but the host lives, each call ends, every item has one
 * end, and nothing is left. What they broke may take a second or two to be found. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/deadline.h"
#include "support/outcome.h"
#include "support/process.h"
#include "support/subhost.h"
#include "support/work.h"
#include "support/world.h"

enum {
    SEEDS = 60,
    TOGETHER = 20, /* hosts at a time: they mostly wait */
    ITEMS = 200,
    WILD = 20, /* one item of so many is wild */
    MAPS = 4,
    REACH = 1 << 20, /* cells, slots and the first of the failure records */
    CELLS = 1 << 18, /* the slots lie behind this, and nothing that is in use before them */
    LONGEST = 3000   /* of a text: more than the room first given to it */
};

struct wild {
    uint32_t seed; /* 0: a tame item */
    uint32_t writes;
    int value;
};

static uint32_t next_random(uint32_t *random)
{
    *random = *random * 1664525 + 1013904223;
    return *random >> 8;
}

struct range {
    unsigned char *start, *end;
};

/* The memory that workers read: the mapping with this item. */
static struct range memory_of_items(const void *item)
{
    unsigned long low, high;
    struct range found = {NULL, NULL};
    char line[512];
    FILE *maps = fopen("/proc/self/maps", "re");
    while (maps && !found.start && fgets(line, sizeof line, maps))
        if (sscanf(line, "%lx-%lx", &low, &high) == 2 && (uintptr_t)item >= low &&
            (uintptr_t)item < high)
            found = (struct range){(unsigned char *)low, (unsigned char *)high};
    if (maps)
        fclose(maps);
    return found;
}

/* The memory that workers write: it lies behind the memory of the items. */
static unsigned char *shared_memory(const void *item)
{
    return memory_of_items(item).end;
}

/* Overwrites bytes, words and runs at random places. */
static OUTCOME_UNCHECKED void run_wild(unsigned char *memory, uint32_t random, uint32_t writes)
{
    for (uint32_t i = 0; i < writes; i++) {
        volatile unsigned char *at = memory + next_random(&random) % (REACH - 64);
        uint32_t length = 1u << next_random(&random) % 6;
        for (uint32_t k = 0; k < length; k++)
            at[k] = (unsigned char)(next_random(&random) % 3 ? next_random(&random) : 0xff);
    }
}

static OUTCOME_UNCHECKED void overwrite(unsigned char *memory, size_t from)
{
    for (size_t at = from; at < REACH; at++)
        ((volatile unsigned char *)memory)[at] = 0xff;
}

static void be_wild(const struct wild *wild)
{
    if (wild->seed)
        run_wild(shared_memory(wild), wild->seed, wild->writes);
}

/* Some items fail, so that there are failure records. */
static int copy_or_run_wild(const void *item, void *result, pool_task_t *task)
{
    const struct wild *wild = item;
    be_wild(wild);
    *(int *)result = wild->value;
    return wild->value % 16 == 3 ? pool_fail(task, 3, "item %d", wild->value) : 0;
}

static int write_text_or_run_wild(const void *item, void *result, pool_task_t *task)
{
    const struct wild *wild = item;
    size_t length = (size_t)wild->value * 97 % LONGEST;
    char *text = pool_task_alloc(task, length + 1);
    if (!text)
        return 1;
    memset(text, 'x', length);
    be_wild(wild);
    *(char **)result = text;
    return 0;
}

static void choose_items(struct wild *items, uint32_t random)
{
    for (int i = 0; i < ITEMS; i++) {
        bool wild = i % WILD == 7;
        items[i] =
            (struct wild){wild ? next_random(&random) | 1 : 0, 1u << next_random(&random) % 12, i};
    }
}

/* Every item has one end: a result, or one error. */
static void check_ends(const pool_t *pool, int failed)
{
    const pool_error_t *errors;
    size_t count = pool_errors(pool, &errors);
    SUBHOST_CHECK(failed == (int)count || (failed < 0 && count > 0) || failed == POOL_EBROKEN);
    for (size_t i = 0; i < count; i++)
        SUBHOST_CHECK(errors[i].index < ITEMS && (i == 0 || errors[i].index > errors[i - 1].index));
}

/* Whoever is still waiting then, waits for ever. */
static void set_alarm(void)
{
    alarm(15 * (unsigned)deadline_slowness());
}

static void map_wildly(pool_t *pool, uint32_t seed)
{
    static struct wild items[ITEMS];
    static int numbers[ITEMS];
    static char *texts[ITEMS];
    set_alarm();
    choose_items(items, seed);
    if (seed % 2) {
        check_ends(pool,
                   pool_map(pool, copy_or_run_wild, POOL_IN(items, ITEMS), POOL_OUT(numbers)));
        return;
    }
    check_ends(pool,
               pool_map(pool, write_text_or_run_wild, POOL_IN(items, ITEMS), POOL_OUT(texts)));
    pool_release(&pool_type_text, texts, ITEMS);
    memset(texts, 0, sizeof texts);
}

static void open_pool(pool_t **pool)
{
    pool_options_t options = {.processes = 2, .grace = 500};
    set_alarm();
    SUBHOST_EQUAL(pool_create(pool, &options), 0);
}

static void live_with_wild_functions(void *seed)
{
    pool_t *pool;
    open_pool(&pool);
    for (uint32_t i = 0; i < MAPS; i++)
        map_wildly(pool, *(uint32_t *)seed + i);
    set_alarm();
    pool_free(pool);
}

static void check_host(uint32_t seed, int status)
{
    if (status)
        fail_msg("seed %u: the host %s, status %x", seed,
                 WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM ? "hangs" : "came to harm",
                 (unsigned)status);
}

static void wild_writes_do_not_harm_the_host(void **state)
{
    pid_t hosts[TOGETHER];
    int statuses[TOGETHER];
    (void)state;
    world_expect_orphans();
    for (uint32_t first = 1; first <= SEEDS; first += TOGETHER) {
        for (uint32_t i = 0; i < TOGETHER; i++) {
            uint32_t seed = first + i;
            hosts[i] = subhost_start(live_with_wild_functions, &seed);
        }
        for (uint32_t i = 0; i < TOGETHER; i++)
            statuses[i] = subhost_wait(hosts[i]);
        for (uint32_t i = 0; i < TOGETHER; i++)
            check_host(first + i, statuses[i]);
        assert_true(world_empties(2000));
    }
}

/* ---- The memory that workers cannot write ---- */

/* Gives itself the right to write all that the host relies on, and writes. */
static int overwrite_host(const void *item, void *result, pool_task_t *task)
{
    const struct wild *wild = item;
    (void)task;
    *(int *)result = wild->value;
    if (!wild->seed)
        return 0;
    struct range range = memory_of_items(item);
    mprotect(range.start, (size_t)(range.end - range.start), PROT_READ | PROT_WRITE);
    overwrite(range.start, 0);
    return 0;
}

/* Each item that writes crashes its worker, and nothing else is harmed. */
static void map_that_overwrites_the_host(pool_t *pool)
{
    static struct wild items[ITEMS];
    static int results[ITEMS];
    const pool_error_t *errors;
    set_alarm();
    choose_items(items, 1);
    SUBHOST_EQUAL(pool_map(pool, overwrite_host, POOL_IN(items, ITEMS), POOL_OUT(results)),
                  ITEMS / WILD);
    SUBHOST_CHECK(pool_errors(pool, &errors) == ITEMS / WILD);
    for (int i = 0; i < ITEMS; i++) {
        const pool_error_t *error = &errors[i / WILD];
        if (items[i].seed)
            SUBHOST_CHECK(error->index == (size_t)i && error->kind == POOL_CRASHED);
        else
            SUBHOST_EQUAL(results[i], i);
    }
}

static void be_overwritten(void *unused)
{
    pool_t *pool;
    (void)unused;
    open_pool(&pool);
    for (int i = 0; i < MAPS; i++)
        map_that_overwrites_the_host(pool);
    pool_free(pool);
}

static void a_worker_cannot_give_itself_the_right_to_overwrite_the_host(void **state)
{
    (void)state;
    if (!process_may_back_memory())
        skip(); /* and the host would not live */
    subhost_passes(be_overwritten, NULL);
}

/* ---- What has to be found, and by whom ---- */

static int overwrite_all(const void *item, void *result, pool_task_t *task)
{
    const struct wild *wild = item;
    (void)task;
    if (wild->seed)
        overwrite(shared_memory(item), 0);
    *(int *)result = wild->value;
    return 0;
}

/* Starts a call of which one item overwrites everything. */
static pool_future_t *start_overwriting(pool_t *pool)
{
    static struct wild items[ITEMS];
    static int results[ITEMS];
    pool_future_t *future;
    for (int i = 0; i < ITEMS; i++)
        items[i] = (struct wild){.seed = i == 7, .value = i};
    SUBHOST_EQUAL(pool_map_async(pool, overwrite_all, POOL_IN(items, ITEMS), POOL_OUT(results),
                                 NULL, &future),
                  0);
    return future;
}

static void wait_by_short_waits(void *unused)
{
    pool_t *pool;
    (void)unused;
    open_pool(&pool);
    pool_future_t *future = start_overwriting(pool);
    while (pool_future_wait(future, 50) == -ETIMEDOUT)
        ;
    SUBHOST_CHECK(pool_future_get(future, 0) > 0);
    pool_future_free(future);
    pool_free(pool);
}

static void wait_by_steps(void *unused)
{
    pool_t *pool;
    (void)unused;
    open_pool(&pool);
    pool_future_t *future = start_overwriting(pool);
    while (pool_step(pool) > 0)
        usleep(1000);
    SUBHOST_CHECK(pool_future_get(future, 0) > 0);
    pool_future_free(future);
    pool_free(pool);
}

static void a_host_that_waits_in_small_pieces_finds_it(void **state)
{
    (void)state;
    subhost_passes(wait_by_short_waits, NULL);
    subhost_passes(wait_by_steps, NULL);
}

static int overwrite_all_slots(const void *item, void *result, pool_task_t *task)
{
    (void)result;
    (void)task;
    overwrite(shared_memory(item), CELLS);
    return 0;
}

enum { OVERWRITTEN = 1, OTHER_RAN };

struct meeting {
    _Atomic int *stage; /* in a shared array */
};

/* Overwrites what the board says about sleep, and holds its worker until the other has run. */
static int overwrite_slots(const void *item, void *result, pool_task_t *task)
{
    _Atomic int *stage = ((const struct meeting *)item)->stage;
    (void)result;
    overwrite(shared_memory(item), CELLS);
    *stage = OVERWRITTEN;
    while (*stage != OTHER_RAN && !pool_task_cancelled(task))
        usleep(1000);
    return *stage != OTHER_RAN;
}

static int run_beside(const void *item, void *result, pool_task_t *task)
{
    (void)result;
    (void)task;
    *((const struct meeting *)item)->stage = OTHER_RAN;
    return 0;
}

static void need_the_sleeper(void *unused)
{
    pool_t *pool;
    pool_future_t *future;
    (void)unused;
    open_pool(&pool);
    struct meeting meeting = {pool_shared_alloc(pool, 1, sizeof *meeting.stage)};
    SUBHOST_CHECK(meeting.stage);
    usleep(100000); /* or the other is not asleep yet, and there is nothing to be found */
    SUBHOST_EQUAL(
        pool_apply_async(pool, overwrite_slots, POOL_IN(&meeting, 1), POOL_NONE, NULL, &future), 0);
    while (*meeting.stage != OVERWRITTEN)
        usleep(1000);
    SUBHOST_EQUAL(pool_apply(pool, run_beside, POOL_IN(&meeting, 1), POOL_NONE), 0);
    SUBHOST_EQUAL(pool_future_get(future, -1), 0);
    pool_future_free(future);
    pool_free(pool);
}

static void a_worker_whose_sleep_was_overwritten_is_woken(void **state)
{
    (void)state;
    subhost_passes(need_the_sleeper, NULL);
}

static bool all_have_left(void *pool)
{
    pid_t pids[2];
    return pool_pids(pool, pids, 2) == 2 && pids[0] == 0 && pids[1] == 0;
}

/* What the slots say then hides that nobody sits there. */
static void need_those_who_left(void *unused)
{
    pool_t *pool;
    pool_options_t options = {.processes = 2, .grace = 500, .idle_timeout = 100};
    struct wild item = {.value = 1};
    int result = 0;
    (void)unused;
    set_alarm();
    SUBHOST_EQUAL(pool_create(&pool, &options), 0);
    SUBHOST_EQUAL(pool_apply(pool, overwrite_all_slots, POOL_IN(&item, 1), POOL_OUT(&result)), 0);
    SUBHOST_CHECK(deadline_met(10000, all_have_left, pool));
    SUBHOST_EQUAL(pool_apply(pool, copy_or_run_wild, POOL_IN(&item, 1), POOL_OUT(&result)), 0);
    SUBHOST_EQUAL(result, 1);
    pool_free(pool);
}

static void workers_that_left_slots_overwritten_are_called_back(void **state)
{
    (void)state;
    subhost_passes(need_those_who_left, NULL);
}

enum { START = 2000 }; /* milliseconds in which a worker must have started */

/* Worker 0 overwrites what the slots say about its start, and goes on until its time for that would be
 * up; worker 1 dies meanwhile, so that the supervisor looks at them. */
static int overwrite_or_die(const void *item, void *result, pool_task_t *task)
{
    _Atomic int *stage = ((const struct meeting *)item)->stage;
    if (pool_task_worker(task) == 0) {
        int code = overwrite_slots(item, result, task);
        usleep((useconds_t)(START * deadline_slowness() + 300) * 1000);
        return code;
    }
    while (*stage != OVERWRITTEN)
        usleep(1000);
    *stage = OTHER_RAN;
    return kill(getpid(), SIGKILL);
}

/* Both are ready; then worker 1 is replaced, so that the supervisor has seen it. */
static void open_seen_pool(pool_t **pool)
{
    pool_options_t options = {.processes = 2,
                              .grace = 500,
                              .initializer = work_start,
                              .start_timeout = START * deadline_slowness()};
    pid_t pids[2];
    set_alarm();
    SUBHOST_EQUAL(pool_create(pool, &options), 0);
    SUBHOST_EQUAL(pool_pids(*pool, pids, 2), 2);
    kill(pids[1], SIGKILL);
    while (pool_replaced(*pool) < 1)
        usleep(1000);
}

static void overwrite_what_was_seen(void *unused)
{
    pool_t *pool;
    pool_map_options_t each = {.chunksize = 1};
    struct meeting meetings[2];
    (void)unused;
    open_seen_pool(&pool);
    meetings[0].stage = pool_shared_alloc(pool, 1, sizeof *meetings[0].stage);
    SUBHOST_CHECK(meetings[0].stage);
    meetings[1] = meetings[0];
    SUBHOST_EQUAL(pool_map_with(pool, overwrite_or_die, POOL_IN(meetings, 2), POOL_NONE, &each), 1);
    pool_free(pool);
}

static void a_worker_that_was_ready_is_not_killed_as_late(void **state)
{
    (void)state;
    subhost_passes(overwrite_what_was_seen, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST_WITHIN(wild_writes_do_not_harm_the_host, 100),
        WORLD_TEST_WITHIN(a_worker_cannot_give_itself_the_right_to_overwrite_the_host, 40),
        WORLD_TEST_WITHIN(a_host_that_waits_in_small_pieces_finds_it, 40),
        WORLD_TEST_WITHIN(a_worker_whose_sleep_was_overwritten_is_woken, 20),
        WORLD_TEST_WITHIN(workers_that_left_slots_overwritten_are_called_back, 20),
        WORLD_TEST_WITHIN(a_worker_that_was_ready_is_not_killed_as_late, 20),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
