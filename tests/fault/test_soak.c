/* Workers are killed at random, a thousand times, while a long map runs: every item is right or
 * reported, none is run twice, none is missing. POOL_TEST_SEED repeats a run's choices. */
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "support/deadline.h"
#include "support/ledger.h"
#include "support/outcome.h"
#include "support/process.h"
#include "support/subhost.h"
#include "support/world.h"

enum { ITEMS = 200000, KILLS = 1000, WORKERS = 4, BEHIND = 20 };

struct stage {
    _Atomic pid_t supervisor;
    _Atomic pid_t workers[WORKERS];
    _Atomic uint64_t executed;
    _Atomic uint64_t killed;
    uint64_t interval; /* items for each kill */
    uint32_t seed;
};

static struct stage *stage;

static struct ledger *executions;

static uint32_t mix(uint32_t value)
{
    value = (value ^ value >> 16) * 0x7feb352du;
    value = (value ^ value >> 15) * 0x846ca68bu;
    return value ^ value >> 16;
}

static void spin(uint32_t rounds)
{
    for (volatile uint32_t i = 0; i < rounds; i++)
        ;
}

/* Items must not run out before the killer has had its victims. */
static bool killer_keeps_up(void *unused)
{
    (void)unused;
    uint64_t due = atomic_load(&stage->executed) / stage->interval;
    return atomic_load(&stage->killed) >= (due < KILLS ? due - due % BEHIND : KILLS);
}

/* Takes from no time at all to some hundred microseconds. */
static int work(const void *item, void *result, pool_task_t *task)
{
    uint32_t value = *(const uint32_t *)item;
    ledger_mark(executions, value);
    atomic_store(&stage->supervisor, getppid());
    atomic_store(&stage->workers[pool_task_worker(task)], getpid());
    atomic_fetch_add(&stage->executed, 1);
    if (!deadline_met(20000, killer_keeps_up, NULL))
        return 1;
    if (mix(value) % 16 == 0)
        spin(mix(value) >> 16);
    *(uint32_t *)result = mix(value);
    return mix(value) % 100 == 0 ? pool_fail(task, 7, "item %u", value) : 0;
}

/* Kills a worker each time that about `interval` more items have been started. */
static void be_killer(void *unused)
{
    uint32_t random = stage->seed;
    uint64_t threshold = 0;
    (void)unused;
    while (atomic_load(&stage->killed) < KILLS) {
        random = mix(random + 0x9e3779b9u);
        threshold += random % (2 * stage->interval);
        if (threshold > (atomic_load(&stage->killed) + 1) * stage->interval)
            threshold = (atomic_load(&stage->killed) + 1) * stage->interval;
        while (atomic_load(&stage->executed) < threshold)
            spin(100);
        spin(random >> 20);
        pid_t victim = atomic_load(&stage->workers[random % WORKERS]);
        if (process_kill_child(atomic_load(&stage->supervisor), victim))
            atomic_fetch_add(&stage->killed, 1);
    }
}

/* The first item of whose outcome something is wrong, or `count`. */
static size_t first_wrong(const pool_t *pool, const uint32_t *results, size_t count)
{
    const pool_error_t *errors;
    size_t failed = pool_errors(pool, &errors), at = 0;
    for (size_t i = 0; i < count; i++) {
        const pool_error_t *error = at < failed && errors[at].index == i ? &errors[at++] : NULL;
        uint32_t expected = mix((uint32_t)i), runs = ledger_count(executions, i);
        bool fails = expected % 100 == 0;
        bool killed = error && error->kind == POOL_CRASHED && error->code == SIGKILL && runs <= 1;
        bool reported = error && fails && error->kind == POOL_FAILED && runs == 1;
        bool done = !error && !fails && results[i] == expected && runs == 1;
        if (killed + reported + done != 1)
            return i;
    }
    return at == failed ? count : count + 1;
}

static uint32_t seed(void)
{
    const char *text = getenv("POOL_TEST_SEED");
    return text ? (uint32_t)strtoul(text, NULL, 10) : 1;
}

static void items_survive_a_thousand_killed_workers(void **state)
{
    const size_t count = ITEMS / (size_t)deadline_slowness();
    (void)state;
    stage = world_shared(sizeof *stage);
    stage->seed = seed();
    stage->interval = count / KILLS - 5;
    executions = ledger_make(count);
    uint32_t *items = world_alloc(count, sizeof *items);
    uint32_t *results = world_alloc(count, sizeof *results);
    for (uint32_t i = 0; i < count; i++)
        items[i] = i;
    pid_t killer = subhost_start(be_killer, NULL);
    pool_t *pool = world_pool(WORKERS);
    int failed = pool_map(pool, work, POOL_IN(items, count), POOL_OUT(results));
    assert_int_equal(subhost_wait(killer), 0);
    size_t wrong = first_wrong(pool, results, count);
    if (failed < 0 || wrong != count)
        fail_msg("seed %u: the map gave %d, item %zu is wrong", stage->seed, failed, wrong);
    assert_true(outcome_replaced(pool, KILLS));
    outcome_pool_works(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST_WITHIN(items_survive_a_thousand_killed_workers, 55),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
