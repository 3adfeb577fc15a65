/* The supervisor is killed or stopped: calls end, with what was done and what was lost. */
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/crew.h"
#include "support/deadline.h"
#include "support/ledger.h"
#include "support/outcome.h"
#include "support/process.h"
#include "support/subhost.h"
#include "support/work.h"
#include "support/world.h"

enum { ITEMS = 200, PROMPT = 3000, SIGNS = 10000 /* for which a supervisor may be silent */ };

static struct ledger *executions;

/* ---- Killed ---- */

static int kill_supervisor_midway(const void *item, void *result, pool_task_t *task)
{
    int value = *(const int *)item;
    (void)task;
    ledger_mark(executions, (size_t)value);
    if (value == ITEMS / 2) {
        kill(getppid(), SIGKILL);
        for (;;)
            pause();
    }
    *(int *)result = 3 * value;
    return 0;
}

/* Every item is right or listed as lost, and none ran twice. */
static void check_done_or_lost(pool_t *pool, const int *results)
{
    size_t lost = pool_errors(pool, NULL);
    outcome_errors_in_order(pool, ITEMS, lost);
    for (int i = 0; i < ITEMS; i++) {
        const pool_error_t *error = outcome_of(pool, (size_t)i);
        if (error)
            assert_int_equal(error->kind, POOL_LOST);
        else
            assert_int_equal(results[i], 3 * i);
        assert_true(error || ledger_count(executions, (size_t)i) == 1);
    }
    assert_true(ledger_all_within(executions, 0, 1));
}

static void check_broken(pool_t *pool)
{
    int item = 0, result;
    pid_t pid;
    assert_int_equal(pool_map(pool, kill_supervisor_midway, POOL_IN(&item, 1), POOL_OUT(&result)),
                     POOL_EBROKEN);
    assert_true(pool_pids(pool, &pid, 1) >= 0);
}

static void a_map_whose_supervisor_is_killed_ends_with_what_was_done(void **state)
{
    int items[ITEMS], results[ITEMS];
    (void)state;
    world_expect_orphans();
    executions = ledger_make(ITEMS);
    for (int i = 0; i < ITEMS; i++)
        items[i] = i;
    for (size_t round = 0; round < 20; round++) {
        pool_t *pool = world_pool(1 + (int)round % 3);
        pool_map_options_t options = {.chunksize = round % 5 ? round : 0};
        ledger_clear(executions);
        int64_t began = deadline_now();
        assert_int_equal(pool_map_with(pool, kill_supervisor_midway, POOL_IN(items, ITEMS),
                                       POOL_OUT(results), &options),
                         POOL_EBROKEN);
        assert_true(deadline_kept(began, PROMPT));
        check_done_or_lost(pool, results);
        outcome_is(pool, ITEMS / 2, POOL_LOST, POOL_EBROKEN);
        check_broken(pool);
        world_free(pool);
        assert_true(world_empties(PROMPT));
    }
}

/* Kills the supervisor of the worker that says it is there, after a while. */
struct stage {
    _Atomic pid_t supervisor;
    _Atomic int delay; /* microseconds */
};

static struct stage *stage;

static int name_supervisor(const void *item, void *result, pool_task_t *task)
{
    int value = *(const int *)item;
    (void)task;
    ledger_mark(executions, (size_t)value);
    if (value == 0)
        atomic_store(&stage->supervisor, getppid());
    for (int64_t end = deadline_now() + value % 3; deadline_now() < end;)
        ;
    *(int *)result = 3 * value;
    return 0;
}

static void be_killer(void *unused)
{
    (void)unused;
    for (;;) {
        pid_t supervisor = atomic_exchange(&stage->supervisor, 0);
        if (supervisor > 1) {
            usleep((useconds_t)atomic_load(&stage->delay));
            kill(supervisor, SIGKILL);
        }
    }
}

static void the_supervisor_may_be_killed_at_any_moment_of_a_map(void **state)
{
    int items[ITEMS], results[ITEMS];
    (void)state;
    world_expect_orphans();
    executions = ledger_make(ITEMS);
    stage = world_shared(sizeof *stage);
    pid_t killer = subhost_start(be_killer, NULL);
    for (int i = 0; i < ITEMS; i++)
        items[i] = i;
    int broken = 0;
    for (int round = 0; round < 20; round++) {
        pool_t *pool = world_pool(2);
        ledger_clear(executions);
        atomic_store(&stage->delay, round * 1000);
        int code = pool_map(pool, name_supervisor, POOL_IN(items, ITEMS), POOL_OUT(results));
        assert_true(code == POOL_EBROKEN || code == 0); /* the killer may come too late */
        broken += code == POOL_EBROKEN;
        check_done_or_lost(pool, results);
        world_free(pool);
    }
    assert_true(broken >= 5);
    kill(killer, SIGKILL);
    subhost_wait(killer);
}

static void a_call_after_the_supervisor_was_killed_says_so(void **state)
{
    (void)state;
    world_expect_orphans();
    executions = ledger_make(ITEMS);
    pool_t *pool = world_pool(2);
    assert_true(process_kill(crew_supervisor(pool)));
    check_broken(pool);
    check_broken(pool);
    assert_int_equal(pool_close(pool), 0);
    assert_int_equal(pool_join(pool), 0);
    assert_int_equal(pool_terminate(pool), 0);
}

static void a_pool_whose_supervisor_was_killed_can_be_ended_in_every_way(void **state)
{
    (void)state;
    world_expect_orphans();
    for (int way = 0; way < 4; way++) {
        pool_t *pool = world_pool(2);
        assert_true(process_kill(crew_supervisor(pool)));
        if (way == 1)
            assert_int_equal(pool_terminate(pool), 0);
        if (way == 2)
            assert_int_equal(pool_close(pool), 0);
        if (way == 3 && pool_close(pool) == 0)
            assert_int_equal(pool_join(pool), 0);
        int64_t began = deadline_now();
        world_free(pool);
        assert_true(deadline_kept(began, PROMPT));
        assert_true(world_empties(PROMPT));
    }
}

/* SIGPIPE keeps its default, and would end the program. */
static void a_lost_supervisor_raises_no_sigpipe(void **state)
{
    (void)state;
    world_expect_orphans();
    executions = ledger_make(ITEMS);
    pool_t *pool = world_pool(2);
    signal(SIGPIPE, SIG_DFL);
    assert_true(process_kill(crew_supervisor(pool)));
    for (int i = 0; i < 100; i++)
        check_broken(pool);
    pool_close(pool);
}

/* ---- Killed, while its workers have children ---- */

enum { FORKED, EXECUTED, IN_TWO_STEPS, KINDS };

static _Atomic pid_t *children; /* one of each kind */

/* Runs in a child of a worker. Names itself, in the last of its generations, and never ends. */
_Noreturn static void be_child(int kind)
{
    if (kind == IN_TWO_STEPS && fork() > 0)
        _exit(0);
    atomic_store(&children[kind], getpid());
    if (kind == EXECUTED)
        execl("/bin/sleep", "sleep", "1000", (char *)NULL);
    for (;;)
        pause();
}

static int have_children(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    (void)result;
    (void)task;
    for (int kind = 0; kind < KINDS; kind++)
        if (fork() == 0)
            be_child(kind);
    for (;;)
        pause();
}

static bool all_are_there(void *unused)
{
    (void)unused;
    for (int kind = 0; kind < KINDS; kind++)
        if (!atomic_load(&children[kind]))
            return false;
    return true;
}

static void children_of_workers_end_with_a_killed_supervisor(void **state)
{
    pool_future_t *future;
    pid_t pids[KINDS];
    (void)state;
    world_expect_orphans();
    children = world_shared(KINDS * sizeof *children);
    pool_t *pool = world_pool(2);
    assert_int_equal(pool_map_async(pool, have_children, POOL_RANGE(1), POOL_NONE, NULL, &future),
                     0);
    assert_true(deadline_met(PROMPT, all_are_there, NULL));
    assert_true(process_kill(crew_supervisor(pool)));
    assert_int_equal(pool_future_get(future, -1), POOL_EBROKEN);
    pool_future_free(future);
    int64_t began = deadline_now();
    world_free(pool);
    assert_true(deadline_kept(began, 900)); /* and not until a wait for the children is over */
    for (int kind = 0; kind < KINDS; kind++)
        pids[kind] = atomic_load(&children[kind]);
    assert_true(process_end(pids, KINDS, PROMPT));
    assert_true(world_empties(PROMPT));
}

/* ---- Stopped ---- */

enum way { FREE, TERMINATE, CLOSE_AND_JOIN };

static void check_end_of_stopped(enum way way)
{
    pool_options_t options = {.processes = 2, .grace = 50};
    pool_t *pool = world_pool_with(&options);
    kill(crew_supervisor(pool), SIGSTOP);
    int64_t began = deadline_now();
    if (way == TERMINATE)
        assert_int_equal(pool_terminate(pool), 0);
    if (way == CLOSE_AND_JOIN) {
        assert_int_equal(pool_close(pool), 0);
        assert_int_equal(pool_join(pool), 0);
    }
    world_free(pool);
    assert_true(deadline_kept(began, 5000));
    assert_true(world_empties(PROMPT));
}

static void a_pool_with_a_stopped_supervisor_ends_all_the_same(void **state)
{
    (void)state;
    world_expect_orphans();
    check_end_of_stopped(FREE);
    check_end_of_stopped(TERMINATE);
    check_end_of_stopped(CLOSE_AND_JOIN);
}

static void a_map_goes_on_without_the_supervisor_as_long_as_nobody_dies(void **state)
{
    (void)state;
    pool_t *pool = world_pool(2);
    pid_t supervisor = crew_supervisor(pool);
    kill(supervisor, SIGSTOP);
    outcome_pool_works(pool);
    kill(supervisor, SIGCONT);
}

/* Has its supervisor stopped, and crashes. */
static int stop_supervisor_and_die(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    (void)result;
    if (pool_task_index(task) != 5)
        return 0;
    kill(getppid(), SIGSTOP);
    return raise(SIGKILL);
}

static void a_stopped_supervisor_goes_on_when_it_is_asked(void **state)
{
    (void)state;
    pool_t *pool = world_pool(2);
    int64_t began = deadline_now();
    assert_int_equal(pool_map(pool, stop_supervisor_and_die, POOL_RANGE(20), POOL_NONE), 1);
    assert_true(deadline_kept(began, PROMPT));
    outcome_is(pool, 5, POOL_CRASHED, SIGKILL);
    assert_true(outcome_replaced(pool, 1));
    outcome_pool_works(pool);
}

/* ---- Held by a debugger, which no signal but SIGKILL ends ---- */

static bool hold(pid_t process)
{
    int status;
    return ptrace(PTRACE_SEIZE, process, NULL, NULL) == 0 &&
           ptrace(PTRACE_INTERRUPT, process, NULL, NULL) == 0 &&
           waitpid(process, &status, __WALL) == process && WIFSTOPPED(status);
}

static void a_supervisor_that_gives_no_sign_of_life_breaks_the_pool(void **state)
{
    int item = -SIGKILL, result;
    pool_options_t options = {.processes = 2, .start_timeout = SIGNS};
    (void)state;
    world_expect_orphans();
    pool_t *pool = world_pool_with(&options);
    if (!hold(crew_supervisor(pool)))
        skip(); /* nobody may trace here */
    int64_t began = deadline_now();
    assert_int_equal(pool_map(pool, work_copy_or_raise, POOL_IN(&item, 1), POOL_OUT(&result)),
                     POOL_EBROKEN);
    assert_true(deadline_kept(began, SIGNS + PROMPT));
    outcome_is(pool, 0, POOL_LOST, POOL_EBROKEN);
    check_broken(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(a_map_whose_supervisor_is_killed_ends_with_what_was_done),
        WORLD_TEST(the_supervisor_may_be_killed_at_any_moment_of_a_map),
        WORLD_TEST(a_call_after_the_supervisor_was_killed_says_so),
        WORLD_TEST(a_pool_whose_supervisor_was_killed_can_be_ended_in_every_way),
        WORLD_TEST(a_lost_supervisor_raises_no_sigpipe),
        WORLD_TEST(children_of_workers_end_with_a_killed_supervisor),
        WORLD_TEST(a_pool_with_a_stopped_supervisor_ends_all_the_same),
        WORLD_TEST(a_map_goes_on_without_the_supervisor_as_long_as_nobody_dies),
        WORLD_TEST(a_stopped_supervisor_goes_on_when_it_is_asked),
        WORLD_TEST(a_supervisor_that_gives_no_sign_of_life_breaks_the_pool),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
