/* Workers that are killed or stopped from outside: idle ones cost nothing, running ones their
 * item. */
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/crew.h"
#include "support/deadline.h"
#include "support/gate.h"
#include "support/ledger.h"
#include "support/outcome.h"
#include "support/process.h"
#include "support/subhost.h"
#include "support/world.h"

enum { WORKERS = 3 };

/* ---- Idle ones ---- */

static void a_killed_idle_worker_is_replaced(void **state)
{
    pid_t pids[2];
    (void)state;
    pool_t *pool = world_pool(2);
    pool_pids(pool, pids, 2);
    assert_true(process_kill(pids[1]));
    outcome_pool_works(pool);
    assert_true(outcome_replaced(pool, 1));
    pid_t killed = pids[1], kept = pids[0];
    assert_int_equal(pool_pids(pool, pids, 2), 2);
    assert_int_equal(pids[0], kept);
    assert_int_not_equal(pids[1], killed);
    assert_int_not_equal(pids[1], 0);
}

static struct ledger *present;

static int wait_for_others(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    (void)result;
    ledger_mark(present, (size_t)pool_task_worker(task));
    return !ledger_reaches(present, WORKERS, 5000);
}

/* Asserts that all workers work, not only one that is quick. */
static void all_work(pool_t *pool)
{
    char items[WORKERS] = {0};
    ledger_clear(present);
    assert_int_equal(pool_map(pool, wait_for_others, POOL_IN(items, WORKERS), POOL_NONE), 0);
}

static void all_idle_workers_may_be_killed_again_and_again(void **state)
{
    (void)state;
    present = ledger_make(WORKERS);
    pool_t *pool = world_pool(WORKERS);
    for (size_t round = 1; round <= 30; round++) {
        crew_kill(pool, WORKERS);
        all_work(pool);
        assert_true(outcome_replaced(pool, round * WORKERS));
    }
}

/* Before they are ready: but nothing is wrong with them. */
static void workers_may_be_killed_at_birth(void **state)
{
    (void)state;
    present = ledger_make(WORKERS);
    struct gate *gate = gate_make();
    pool_options_t options = {
        .processes = WORKERS, .initializer = gate_initializer, .initargs = gate};
    gate_open(gate);
    pool_t *pool = world_pool_with(&options);
    gate_close(gate);
    for (size_t round = 1; round <= 3; round++) {
        crew_kill(pool, WORKERS);
        assert_true(outcome_replaced(pool, round * WORKERS));
    }
    gate_open(gate);
    all_work(pool);
}

static bool all_named(void *argument)
{
    pid_t pids[WORKERS];
    pool_pids(argument, pids, WORKERS);
    return pids[0] && pids[1] && pids[2];
}

static void deaths_while_the_supervisor_is_stopped_are_all_seen(void **state)
{
    pid_t pids[WORKERS];
    (void)state;
    pool_t *pool = world_pool(WORKERS);
    pool_pids(pool, pids, WORKERS);
    pid_t supervisor = process_supervisor(pids[0]);
    kill(supervisor, SIGSTOP);
    for (int i = 0; i < WORKERS; i++)
        assert_true(process_kill(pids[i]));
    kill(supervisor, SIGCONT);
    outcome_pool_works(pool);
    assert_true(outcome_replaced(pool, WORKERS));
    assert_true(deadline_met(5000, all_named, pool));
}

static void a_stopped_idle_worker_does_not_hold_up_the_end(void **state)
{
    pid_t pids[2];
    (void)state;
    pool_options_t options = {.processes = 2, .grace = 50};
    pool_t *pool = world_pool_with(&options);
    pool_pids(pool, pids, 2);
    kill(pids[0], SIGSTOP);
    outcome_pool_works(pool);
    int64_t began = deadline_now();
    world_free(pool);
    assert_true(deadline_kept(began, 3000));
}

/* It is told to go on, so that it can hear that it should end. */
static void a_stopped_worker_hears_that_it_is_terminated(void **state)
{
    pid_t pid;
    (void)state;
    pool_options_t options = {.processes = 1, .grace = 20000};
    pool_t *pool = world_pool_with(&options);
    pool_pids(pool, &pid, 1);
    kill(pid, SIGSTOP);
    int64_t began = deadline_now();
    assert_int_equal(pool_terminate(pool), 0);
    assert_true(deadline_now() - began < 10000);
}

/* ---- Running ones ---- */

struct stage {
    _Atomic pid_t victim; /* 0: nobody is waiting to be killed */
    _Atomic int signal;
    _Atomic bool over; /* never */
};

static struct stage *stage;

static int wait_to_be_killed(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    (void)result;
    (void)task;
    atomic_store(&stage->victim, getpid());
    while (!atomic_load(&stage->over))
        pause();
    return 1;
}

/* Kills whoever waits for it. */
static void be_killer(void *unused)
{
    (void)unused;
    for (;;) {
        pid_t victim = atomic_exchange(&stage->victim, 0);
        if (victim)
            kill(victim, atomic_load(&stage->signal));
        else
            usleep(100);
    }
}

static void a_running_worker_that_is_killed_costs_its_item(void **state)
{
    static const int signals[] = {SIGKILL, SIGTERM, SIGSEGV, SIGUSR1};
    (void)state;
    stage = world_shared(sizeof *stage);
    pid_t killer = subhost_start(be_killer, NULL);
    pool_t *pool = world_pool(2);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        atomic_store(&stage->signal, signals[i]);
        outcome_costs_one(pool, wait_to_be_killed, POOL_CRASHED, signals[i]);
    }
    kill(killer, SIGKILL);
    subhost_wait(killer);
}

/* ---- Claimed, but not begun ---- */

enum { LARGE = 128 << 20, ENOUGH = 8 << 20 };

static struct ledger *begun, *kills;

static int begin(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    (void)task;
    ledger_mark(begun, 0);
    *(int *)result = 5;
    return 0;
}

/* How much memory of the pool's the process has touched. */
static long shared_bytes(pid_t pid)
{
    char path[64];
    long pages = 0;
    snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
    FILE *file = fopen(path, "re");
    if (file && fscanf(file, "%*s %*s %ld", &pages) != 1)
        pages = 0;
    if (file)
        fclose(file);
    return pages * sysconf(_SC_PAGESIZE);
}

/* Kills the worker as it prepares the memory of a large result. */
static void kill_early(void *worker)
{
    pid_t pid = *(pid_t *)worker;
    long before = shared_bytes(pid);
    while (shared_bytes(pid) < before + ENOUGH)
        if (ledger_count(begun, 0))
            _exit(0); /* too late */
    kill(pid, SIGKILL);
    ledger_mark(kills, 0);
}

/* Maps an item with a large result, and kills its worker. Returns whether that came before the
 * function. */
static bool kill_before_begin(void)
{
    char item = 0;
    pid_t worker;
    int *result = world_alloc(1, LARGE);
    ledger_clear(begun);
    ledger_clear(kills);
    pool_t *pool = world_pool(1);
    pool_pids(pool, &worker, 1);
    pid_t killer = subhost_start(kill_early, &worker);
    int failed =
        pool_map(pool, begin, POOL_IN(&item, 1), pool_out(result, LARGE, &pool_type_plain));
    subhost_wait(killer);
    world_free(pool);
    bool early = ledger_count(kills, 0) && ledger_count(begun, 0) == 1 && failed == 0;
    if (ledger_count(kills, 0) && ledger_count(begun, 0) == 0)
        fail_msg("an item was blamed that had not begun");
    return early && *result == 5;
}

static void an_item_that_had_not_begun_is_not_blamed(void **state)
{
    bool early = false;
    (void)state;
    begun = ledger_make(1);
    kills = ledger_make(1);
    for (int i = 0; i < 10 && !early; i++)
        early = kill_before_begin();
    assert_true(early);
}

/* ---- A host that lags behind ---- */

enum { CRASHES = 400, ITEMS = 600 };

static struct ledger *executions;
static pid_t host;

/* Stops the host first; then one crash follows the other, and the host hears of none of them. */
static int crash_while_host_is_stopped(const void *item, void *result, pool_task_t *task)
{
    int value = *(const int *)item;
    (void)task;
    if (value == 0)
        kill(host, SIGSTOP);
    ledger_mark(executions, (size_t)value);
    if (value < CRASHES && value % 4 != 3)
        _exit(9);
    *(int *)result = 2 * value;
    return 0;
}

/* Wakes the host when enough has happened, or nothing more happens. */
static void wake_host(void *unused)
{
    uint64_t seen = 0;
    (void)unused;
    ledger_reaches(executions, 1, 5000);
    do
        seen = ledger_total(executions);
    while (ledger_reaches(executions, seen + 1, 100));
    kill(host, SIGCONT);
}

static void a_host_that_hears_of_many_deaths_at_once_blames_the_right_items(void **state)
{
    int items[ITEMS], results[ITEMS];
    (void)state;
    executions = ledger_make(ITEMS);
    host = getpid();
    pid_t helper = subhost_start(wake_host, NULL);
    pool_t *pool = world_pool(2);
    for (int i = 0; i < ITEMS; i++)
        items[i] = i;
    pool_map_options_t options = {.chunksize = 1};
    assert_int_equal(pool_map_with(pool, crash_while_host_is_stopped, POOL_IN(items, ITEMS),
                                   POOL_OUT(results), &options),
                     CRASHES / 4 * 3);
    outcome_errors_in_order(pool, ITEMS, CRASHES / 4 * 3);
    for (int i = 0; i < ITEMS; i++) {
        if (i < CRASHES && i % 4 != 3)
            outcome_is(pool, (size_t)i, POOL_EXITED, 9);
        else
            assert_int_equal(results[i], 2 * i);
    }
    assert_true(ledger_all_within(executions, 1, 1));
    subhost_wait(helper);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(a_killed_idle_worker_is_replaced),
        WORLD_TEST(all_idle_workers_may_be_killed_again_and_again),
        WORLD_TEST(workers_may_be_killed_at_birth),
        WORLD_TEST(deaths_while_the_supervisor_is_stopped_are_all_seen),
        WORLD_TEST(a_stopped_idle_worker_does_not_hold_up_the_end),
        WORLD_TEST(a_stopped_worker_hears_that_it_is_terminated),
        WORLD_TEST(a_running_worker_that_is_killed_costs_its_item),
        WORLD_TEST(an_item_that_had_not_begun_is_not_blamed),
        WORLD_TEST(a_host_that_hears_of_many_deaths_at_once_blames_the_right_items),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
