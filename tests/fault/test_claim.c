/* A worker is killed at every single instruction of its loop: as it ends one item and takes the
 * next, as it goes to sleep, and as it wakes. Whatever the instruction, each item is right or
 * reported once, none is run twice, and the pool goes on.
 *
 * The test program is the tracer; the host is a process of its own, which makes a map for each
 * kill. Where all instructions would take too long, some are left out, evenly. */
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/deadline.h"
#include "support/ledger.h"
#include "support/process.h"
#include "support/subhost.h"
#include "support/trace.h"
#include "support/world.h"

enum { ITEMS = 8, PATIENCE = 30, AWAITED = 5000, BUDGET = 8000, LONGEST = 100000 };

/* Between tracer, host and workers. */
struct stage {
    bool waking;          /* the victim is taken asleep, not in its first item */
    _Atomic int round;    /* of the tracer; the host makes a map for each */
    _Atomic int ready;    /* the host is about to make the map of this round */
    _Atomic pid_t victim; /* stands in its first item, or sleeps */
    _Atomic bool go;      /* the victim may leave its first item, or the host wake it */
    _Atomic bool left;    /* and has */
    _Atomic int entered;  /* items the victim has entered since */
    _Atomic bool killed;
    _Atomic bool over;
};

static struct stage *stage;

static struct ledger *executions;

static bool flag_up(void *flag)
{
    return atomic_load((_Atomic bool *)flag);
}

/* The victim stands here until the tracer has taken hold of it. */
static void be_victim(void)
{
    atomic_store(&stage->victim, getpid());
    while (!atomic_load(&stage->go))
        ;
    atomic_store(&stage->left, true);
}

/* Whoever takes item 0 is the victim; the other worker stands still until it is dead, so that there
 * is something to take for it. */
static int work(const void *item, void *result, pool_task_t *task)
{
    int value = *(const int *)item;
    (void)task;
    ledger_mark(executions, (size_t)value);
    if (value == 0 && !stage->waking)
        be_victim();
    else if (atomic_load(&stage->victim) != getpid())
        deadline_met(20000, flag_up, &stage->killed);
    else
        atomic_fetch_add(&stage->entered, 1);
    *(int *)result = 7 * value + 1;
    return 0;
}

/* ---- The host ---- */

static void check_outcomes(pool_t *pool, int failed, const int *results, int count)
{
    const pool_error_t *errors;
    SUBHOST_CHECK(failed == 0 || failed == 1);
    SUBHOST_EQUAL((int)pool_errors(pool, &errors), failed);
    for (int i = 0; i < count; i++) {
        bool reported = failed && errors[0].index == (size_t)i;
        if (reported)
            SUBHOST_CHECK(errors[0].kind == POOL_CRASHED && errors[0].code == SIGKILL);
        else
            SUBHOST_EQUAL(results[i], 7 * i + 1);
        SUBHOST_CHECK(reported || ledger_count(executions, (size_t)i) == 1);
    }
    SUBHOST_CHECK(ledger_all_within(executions, 0, 1));
}

static void make_map(pool_t *pool, int count)
{
    int items[ITEMS], results[ITEMS] = {0};
    pool_map_options_t options = {.chunksize = 1};
    for (int i = 0; i < count; i++)
        items[i] = i;
    int failed =
        pool_map_with(pool, work, POOL_IN(items, (size_t)count), POOL_OUT(results), &options);
    check_outcomes(pool, failed, results, count);
}

struct replacements {
    pool_t *pool;
    size_t count;
};

static bool replaced(void *argument)
{
    const struct replacements *wanted = argument;
    return pool_replaced(wanted->pool) == wanted->count;
}

static void clear_stage(void)
{
    ledger_clear(executions);
    atomic_store(&stage->victim, 0);
    atomic_store(&stage->go, false);
    atomic_store(&stage->left, false);
    atomic_store(&stage->entered, 0);
    atomic_store(&stage->killed, false);
}

struct plan {
    int workers, items;
    bool waking;
};

static bool asleep(void *pid)
{
    return process_state(*(pid_t *)pid) == 'S';
}

/* Names the pool's one worker, as it sleeps, and waits until the tracer has hold of it. */
static void offer_sleeper(pool_t *pool)
{
    pid_t pid;
    pool_pids(pool, &pid, 1);
    SUBHOST_CHECK(deadline_met(5000, asleep, &pid));
    atomic_store(&stage->left, true);
    atomic_store(&stage->victim, pid);
    SUBHOST_CHECK(deadline_met(20000, flag_up, &stage->go));
}

/* For each round of the tracer's a map, in which the victim is killed, or after it. */
static void be_host(void *argument)
{
    const struct plan *plan = argument;
    pool_options_t options = {.processes = plan->workers};
    struct replacements wanted = {NULL, 0};
    SUBHOST_EQUAL(pool_create(&wanted.pool, &options), 0);
    for (int round = 1;; round++) {
        while (atomic_load(&stage->round) < round && !atomic_load(&stage->over))
            usleep(50);
        if (atomic_load(&stage->over))
            break;
        clear_stage();
        atomic_store(&stage->ready, round);
        if (plan->waking)
            offer_sleeper(wanted.pool);
        make_map(wanted.pool, plan->items);
        SUBHOST_CHECK(deadline_met(20000, flag_up, &stage->killed));
        wanted.count++;
        SUBHOST_CHECK(deadline_met(5000, replaced, &wanted));
    }
    pool_free(wanted.pool);
}

/* ---- The tracer ---- */

static pid_t host;

static bool victim_there(void *unused)
{
    (void)unused;
    return atomic_load(&stage->victim) != 0 || process_ended(host);
}

static bool host_ready(void *round)
{
    return atomic_load(&stage->ready) == *(int *)round || process_ended(host);
}

static double step_milliseconds; /* what a step of the last path took */

/* Steps through the victim from where it leaves its first item, or wakes, `steps` instructions far
 * at most. Returns how many there were: fewer when the end of the path is reached, which is its
 * entry to the next item or its sleep. */
static int step_through(pid_t victim, int steps)
{
    int count = 0;
    enum trace_step step = TRACE_STEPPED;
    atomic_store(&stage->go, true);
    int64_t began = deadline_now(), last = began;
    while (count < steps && step == TRACE_STEPPED && atomic_load(&stage->entered) == 0) {
        last = deadline_now();
        step = trace_step(victim, count == 0 && stage->waking ? AWAITED : PATIENCE);
        count += step == TRACE_STEPPED && atomic_load(&stage->left);
    }
    step_milliseconds = (double)(last - began) / (count ? count : 1);
    return count;
}

/* One map, in which the victim is killed `steps` instructions after its first item. */
static int kill_after(int steps)
{
    int round = atomic_fetch_add(&stage->round, 1) + 1;
    assert_true(deadline_met(20000, host_ready, &round));
    assert_true(deadline_met(20000, victim_there, NULL));
    if (process_ended(host))
        return -1;
    pid_t victim = atomic_load(&stage->victim);
    assert_true(trace_seize(victim));
    int count = step_through(victim, steps);
    trace_kill(victim);
    atomic_store(&stage->killed, true);
    return count;
}

/* Every instruction of the path, or as many as there is time for. */
static void kill_at_every_step(void)
{
    int length = kill_after(LONGEST);
    double all = step_milliseconds * length * length / 2;
    int stride = 1 + (int)(all / BUDGET), steps = 0, kills = 0;
    for (; kill_after(steps) >= steps && steps < LONGEST; steps += stride)
        kills++;
    print_message("           killed at %d of %d instructions\n", kills, steps);
    assert_in_range(length, 50, LONGEST - 1);
}

static void sweep(struct plan plan)
{
    if (!trace_allowed())
        skip();
    world_expect_orphans();
    stage = world_shared(sizeof *stage);
    stage->waking = plan.waking;
    executions = ledger_make(ITEMS);
    host = subhost_start(be_host, &plan);
    kill_at_every_step();
    atomic_store(&stage->over, true);
    assert_int_equal(subhost_wait(host), 0);
}

static void a_worker_may_be_killed_at_any_instruction_from_one_item_to_the_next(void **state)
{
    (void)state;
    sweep((struct plan){.workers = 2, .items = ITEMS});
}

static void a_worker_may_be_killed_at_any_instruction_from_the_last_item_to_sleep(void **state)
{
    (void)state;
    sweep((struct plan){.workers = 1, .items = 1});
}

static void a_worker_may_be_killed_at_any_instruction_from_sleep_to_its_item(void **state)
{
    (void)state;
    sweep((struct plan){.workers = 1, .items = 1, .waking = true});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST_WITHIN(a_worker_may_be_killed_at_any_instruction_from_one_item_to_the_next, 50),
        WORLD_TEST_WITHIN(a_worker_may_be_killed_at_any_instruction_from_the_last_item_to_sleep,
                          50),
        WORLD_TEST_WITHIN(a_worker_may_be_killed_at_any_instruction_from_sleep_to_its_item, 50),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
