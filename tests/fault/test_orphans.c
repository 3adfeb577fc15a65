/* Workers that a task keeps from dying with the supervisor end by themselves; an initializer does not
 * keep them from it; and how little workers do while they sleep. */
#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "support/crew.h"
#include "support/deadline.h"
#include "support/gate.h"
#include "support/ledger.h"
#include "support/process.h"
#include "support/work.h"
#include "support/world.h"

enum {
    WORKERS = 4,
    ITEMS = 64,
    PROMPT = 3000, /* milliseconds: less than a worker sleeps */
    NAPS = 8000    /* milliseconds: more than a worker sleeps */
};

static int items[ITEMS];
static struct gate *gate;

static int stay_alive(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    (void)result;
    (void)task;
    return prctl(PR_SET_PDEATHSIG, 0);
}

/* The first goes on at once, so that the worker asks for a successor; the second waits. */
static int wait_at_gate(const void *item, void *result, pool_task_t *task)
{
    stay_alive(item, result, task);
    return *(const int *)item > 0 && !gate_pass(gate) ? 1 : 0;
}

static int initialize(void *unused, void **state, pool_task_t *task)
{
    (void)unused;
    return stay_alive(NULL, state, task);
}

/* More than there is room for, so that the worker waits for the host. */
static int large(const void *item, void *result, pool_task_t *task)
{
    enum { SIZE = 1 << 20 };
    char *text = pool_task_alloc(task, SIZE);
    stay_alive(item, result, task);
    if (!text)
        return -ENOMEM;
    memset(text, 'x', SIZE - 1);
    *(char **)result = text;
    return 0;
}

struct crew {
    pid_t supervisor;
    pid_t pids[CREW_MOST];
    int count;
};

static struct crew find_crew(pool_t *pool)
{
    struct crew crew = {.supervisor = crew_supervisor(pool)};
    crew.count = process_children(crew.supervisor, crew.pids, CREW_MOST);
    return crew;
}

static bool all_sleep(void *argument)
{
    const struct crew *crew = argument;
    for (int i = 0; i < crew->count; i++)
        if (process_state(crew->pids[i]) != 'S')
            return false;
    return true;
}

static void kill_supervisor(struct crew *crew)
{
    world_expect_orphans();
    assert_true(process_kill(crew->supervisor));
    assert_true(process_end(crew->pids, crew->count, NAPS));
}

static void a_sleeping_worker_finds_that_the_supervisor_is_gone(void **state)
{
    (void)state;
    pool_t *pool = world_pool(2);
    pool_map_options_t options = {.chunksize = 1};
    for (int round = 0; round < 20; round++)
        assert_int_equal(
            pool_map_with(pool, stay_alive, POOL_IN(items, ITEMS), POOL_NONE, &options), 0);
    struct crew crew = find_crew(pool);
    assert_int_equal(crew.count, 2);
    assert_true(deadline_met(5000, all_sleep, &crew));
    kill_supervisor(&crew);
}

static bool has_successor(void *supervisor)
{
    return crew_count(*(pid_t *)supervisor) == 2;
}

static void a_successor_finds_it_too(void **state)
{
    pool_options_t options = {.processes = 1, .maxtasksperchild = 2, .initializer = initialize};
    pool_map_options_t singly = {.chunksize = 1};
    pool_future_t *future;
    static const int two[] = {0, 1};
    (void)state;
    gate = gate_make();
    pool_t *pool = world_pool_with(&options);
    assert_int_equal(
        pool_map_async(pool, wait_at_gate, POOL_IN(two, 2), POOL_NONE, &singly, &future), 0);
    pid_t supervisor = crew_supervisor(pool);
    assert_true(deadline_met(5000, has_successor, &supervisor));
    struct crew crew = find_crew(pool);
    assert_int_equal(crew.count, 2);
    assert_true(deadline_met(5000, all_sleep, &crew));
    world_expect_orphans();
    assert_true(process_kill(crew.supervisor));
    gate_open(gate); /* an item that runs is not looked into */
    assert_true(process_end(crew.pids, crew.count, NAPS));
    pool_future_get(future, -1);
    pool_future_free(future);
}

static void one_that_waits_for_room_finds_it_too(void **state)
{
    char *texts[4] = {NULL};
    pool_future_t *future;
    (void)state;
    pool_t *pool = world_pool(1);
    assert_int_equal(pool_map_async(pool, large, POOL_IN(items, 4), POOL_OUT(texts), NULL, &future),
                     0);
    struct crew crew = find_crew(pool);
    assert_int_equal(crew.count, 1);
    assert_true(deadline_met(5000, all_sleep, &crew));
    kill_supervisor(&crew); /* and the host does not know */
    pool_future_get(future, -1);
    pool_future_free(future);
    pool_release(&pool_type_text, texts, 4);
}

/* ---- An initializer that changes the user, by which the kernel forgets the signal ---- */

static struct ledger *starts;

/* Without root it makes the kernel forget the signal in another way. */
static int drop_privileges(void *unused, void **state, pool_task_t *task)
{
    enum { NOBODY = 65534 };
    int code = geteuid() != 0 ? initialize(unused, state, task)
                              : setgroups(0, NULL) | setgid(NOBODY) | setuid(NOBODY);
    ledger_mark(starts, 0);
    return code ? code : !gate_pass(gate);
}

/* Makes a pool of one worker, which hangs in the first of two items. */
static pool_t *make_unprivileged_pool(pool_future_t **future)
{
    pool_options_t options = {.processes = 1, .initializer = drop_privileges};
    pool_map_options_t singly = {.chunksize = 1};
    starts = ledger_make(1);
    gate = gate_make();
    gate_open(gate);
    pool_t *pool = world_pool_with(&options);
    assert_int_equal(pool_map_async(pool, work_hang, POOL_RANGE(2), POOL_NONE, &singly, future), 0);
    return pool;
}

static void a_busy_worker_without_privileges_dies_with_the_supervisor(void **state)
{
    pool_future_t *future;
    (void)state;
    struct crew crew = find_crew(make_unprivileged_pool(&future));
    assert_int_equal(crew.count, 1);
    world_expect_orphans();
    assert_true(process_kill(crew.supervisor));
    assert_true(process_end(crew.pids, crew.count, PROMPT));
    assert_int_equal(pool_future_get(future, -1), POOL_EBROKEN);
    pool_future_free(future);
}

static void a_worker_whose_supervisor_ends_during_its_initializer_does_no_work(void **state)
{
    pool_future_t *future;
    (void)state;
    pool_t *pool = make_unprivileged_pool(&future);
    struct crew crew = find_crew(pool);
    assert_int_equal(crew.count, 1);
    gate_close(gate);
    assert_true(process_kill(crew.pids[0]));
    assert_true(ledger_reaches(starts, 2, PROMPT));
    crew.count = process_children(crew.supervisor, crew.pids, CREW_MOST);
    assert_int_equal(crew.count, 1);
    world_expect_orphans();
    assert_true(process_kill(crew.supervisor));
    gate_open(gate); /* the second item is still queued */
    assert_true(process_end(crew.pids, crew.count, PROMPT));
    assert_int_equal(pool_future_get(future, -1), POOL_EBROKEN);
    pool_future_free(future);
}

/* ---- How little is done ---- */

/* How often the process has gone to sleep, ever. */
static long count_sleeps(pid_t pid)
{
    char path[64], line[128];
    long count = -1;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file))
        sscanf(line, "voluntary_ctxt_switches: %ld", &count);
    if (file)
        fclose(file);
    return count;
}

/* Over six seconds a worker naps once or twice, and the supervisor does nothing. */
static void an_idle_pool_sleeps(void **state)
{
    const struct timespec time = {.tv_sec = 6};
    long before[CREW_MOST];
    (void)state;
    pool_t *pool = world_pool(WORKERS);
    assert_int_equal(pool_map(pool, stay_alive, POOL_IN(items, ITEMS), POOL_NONE), 0);
    struct crew crew = find_crew(pool);
    assert_int_equal(crew.count, WORKERS);
    assert_true(deadline_met(5000, all_sleep, &crew));
    crew.pids[crew.count] = crew.supervisor;
    for (int i = 0; i <= crew.count; i++)
        before[i] = count_sleeps(crew.pids[i]);
    nanosleep(&time, NULL);
    for (int i = 0; i <= crew.count; i++) {
        assert_true(before[i] >= 0);
        assert_in_range(count_sleeps(crew.pids[i]) - before[i], 0, i < crew.count ? 4 : 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(a_sleeping_worker_finds_that_the_supervisor_is_gone),
        WORLD_TEST(a_successor_finds_it_too),
        WORLD_TEST(one_that_waits_for_room_finds_it_too),
        WORLD_TEST(a_busy_worker_without_privileges_dies_with_the_supervisor),
        WORLD_TEST(a_worker_whose_supervisor_ends_during_its_initializer_does_no_work),
        WORLD_TEST(an_idle_pool_sleeps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
