/* pinned and niceness: where workers run, and who comes first. */
#include <sched.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "support/deadline.h"
#include "support/subhost.h"
#include "support/world.h"

enum { WORKERS = 5, ITEMS = 200 };

struct place {
    cpu_set_t set;
    int worker, niceness;
};

static int items[ITEMS];
static struct place places[ITEMS];

static int look(const void *item, void *result, pool_task_t *task)
{
    struct place *place = result;
    (void)item;
    place->worker = pool_task_worker(task);
    place->niceness = getpriority(PRIO_PROCESS, 0);
    return sched_getaffinity(0, sizeof place->set, &place->set);
}

/* Runs in hosts of its own, too. */
static void map(pool_t *pool)
{
    pool_map_options_t options = {.chunksize = 1};
    memset(places, 0, sizeof places);
    SUBHOST_EQUAL(pool_map_with(pool, look, POOL_IN(items, ITEMS), POOL_OUT(places), &options), 0);
}

/* Each worker's affinity, as anybody sees it. */
static void check_places(const pid_t *pids, const cpu_set_t *all)
{
    size_t cpu = CPU_SETSIZE - 1;
    for (int i = 0; i < WORKERS; i++) {
        cpu_set_t set;
        do
            cpu = (cpu + 1) % CPU_SETSIZE;
        while (!CPU_ISSET(cpu, all));
        SUBHOST_EQUAL(sched_getaffinity(pids[i], sizeof set, &set), 0);
        SUBHOST_EQUAL(CPU_COUNT(&set), 1);
        SUBHOST_CHECK(CPU_ISSET(cpu, &set));
    }
}

/* A worker comes to that before its first item. */
static bool is_pinned(void *pid)
{
    cpu_set_t set;
    return sched_getaffinity(*(pid_t *)pid, sizeof set, &set) == 0 && CPU_COUNT(&set) == 1;
}

static void run_pinned(void *set)
{
    pool_options_t options = {.processes = WORKERS, .pinned = true, .maxtasksperchild = 50};
    pid_t pids[WORKERS];
    pool_t *pool;
    cpu_set_t after;
    SUBHOST_EQUAL(sched_setaffinity(0, sizeof(cpu_set_t), set), 0);
    SUBHOST_EQUAL(pool_create(&pool, &options), 0);
    map(pool); /* each has looked where it is, replacements as well */
    for (int i = 0; i < ITEMS; i++)
        SUBHOST_EQUAL(CPU_COUNT(&places[i].set), 1);
    for (int i = 0; i < ITEMS; i++)
        for (int j = 0; j < i; j++)
            if (places[i].worker == places[j].worker)
                SUBHOST_CHECK(CPU_EQUAL(&places[i].set, &places[j].set));
    options.maxtasksperchild = 0;
    pool_free(pool);
    SUBHOST_EQUAL(pool_create(&pool, &options), 0);
    map(pool);
    SUBHOST_EQUAL(pool_pids(pool, pids, WORKERS), WORKERS);
    for (int i = 0; i < WORKERS; i++)
        SUBHOST_CHECK(deadline_met(5000, is_pinned, &pids[i]));
    check_places(pids, set);
    SUBHOST_EQUAL(sched_getaffinity(0, sizeof after, &after), 0);
    SUBHOST_CHECK(CPU_EQUAL(&after, (cpu_set_t *)set)); /* the host stays where it was */
    pool_free(pool);
}

static void each_worker_has_one_processor_by_turns(void **state)
{
    cpu_set_t all;
    (void)state;
    assert_int_equal(sched_getaffinity(0, sizeof all, &all), 0);
    subhost_passes(run_pinned, &all);
}

static void of_those_the_host_may_use(void **state)
{
    cpu_set_t all, last;
    (void)state;
    assert_int_equal(sched_getaffinity(0, sizeof all, &all), 0);
    size_t cpu = CPU_SETSIZE - 1;
    while (!CPU_ISSET(cpu, &all))
        cpu--;
    CPU_ZERO(&last);
    CPU_SET(cpu, &last);
    subhost_passes(run_pinned, &last);
}

static void unless_asked_they_run_anywhere(void **state)
{
    cpu_set_t all;
    (void)state;
    assert_int_equal(sched_getaffinity(0, sizeof all, &all), 0);
    map(world_pool(WORKERS));
    for (int i = 0; i < ITEMS; i++)
        assert_true(CPU_EQUAL(&places[i].set, &all));
}

/* ---- Niceness ---- */

static void run_nicely(void *numbers)
{
    const int *is = numbers; /* the host's, what is asked for, and what workers should have */
    pool_options_t options = {.processes = 2, .niceness = is[1], .maxtasksperchild = 50};
    pool_t *pool;
    SUBHOST_EQUAL(setpriority(PRIO_PROCESS, 0, is[0]), 0);
    SUBHOST_EQUAL(pool_create(&pool, &options), 0);
    map(pool);
    for (int i = 0; i < ITEMS; i++)
        SUBHOST_EQUAL(places[i].niceness, is[2]);
    SUBHOST_EQUAL(getpriority(PRIO_PROCESS, 0), is[0]);
    pool_free(pool);
}

static void niceness_is_added_to_the_hosts(void **state)
{
    static int cases[][3] = {{0, 0, 0}, {0, 7, 7}, {0, 19, 19}, {5, 0, 5}, {5, 3, 8}, {15, 10, 19}};
    (void)state;
    int before = getpriority(PRIO_PROCESS, 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (cases[i][0] < before)
            continue; /* the tests themselves run nicely */
        subhost_passes(run_nicely, cases[i]);
    }
}

static void other_numbers_are_refused(void **state)
{
    pool_options_t options = {.niceness = -1};
    pool_t *pool;
    (void)state;
    assert_int_equal(pool_create(&pool, &options), POOL_EOPTION);
    options.niceness = 20;
    assert_int_equal(pool_create(&pool, &options), POOL_EOPTION);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(each_worker_has_one_processor_by_turns),
        WORLD_TEST(of_those_the_host_may_use),
        WORLD_TEST(unless_asked_they_run_anywhere),
        WORLD_TEST(niceness_is_added_to_the_hosts),
        WORLD_TEST(other_numbers_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
