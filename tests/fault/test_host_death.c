/* When the host is gone, by whatever means and at whatever moment, its pool is gone at once. */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/count.h"
#include "support/deadline.h"
#include "support/deny.h"
#include "support/ledger.h"
#include "support/process.h"
#include "support/subhost.h"
#include "support/work.h"
#include "support/world.h"

enum { AT_ONCE = 1000, ITEMS = 20 };

static struct ledger *reached; /* places in the hosts' lives */

/* The last two are never leaks. */
static pool_t *make_pool(void)
{
    static pool_t *pools[2];
    static int made;
    return pools[made++ % 2] = subhost_pool(2, 0);
}

static void check_map(pool_t *pool)
{
    int items[ITEMS], results[ITEMS];
    for (int i = 0; i < ITEMS; i++)
        items[i] = i;
    items[10] = -SIGKILL;
    SUBHOST_EQUAL(pool_map(pool, work_copy_or_raise, POOL_IN(items, ITEMS), POOL_OUT(results)), 1);
}

/* ---- Every system call ---- */

static void live_traced(void *unused)
{
    (void)unused;
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
        _exit(errno == EPERM ? 77 : 1);
    raise(SIGSTOP);
    pool_t *pool = make_pool();
    check_map(pool);
    pool_free(pool);
}

/* Lets the host go on to the `count`-th entry to or return from a system call. Returns false when
 * it has ended before. */
static bool step_to(pid_t host, int count)
{
    int status, signal = 0;
    for (int i = 0; i < count;) {
        ptrace(PTRACE_SYSCALL, host, NULL, (void *)(intptr_t)signal);
        status = subhost_wait(host);
        if (!WIFSTOPPED(status))
            return false;
        signal = WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status);
        i += signal == 0;
    }
    return true;
}

/* Returns false when the host lived to its end. */
static bool kill_at(int count)
{
    pid_t host = subhost_start(live_traced, NULL);
    int status = subhost_wait(host);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        skip(); /* nobody may trace here */
    assert_true(WIFSTOPPED(status));
    if (!step_to(host, count))
        return false;
    kill(host, SIGKILL);
    subhost_wait(host);
    if (!world_empties(AT_ONCE))
        fail_msg("processes are left after a kill at stop %d", count);
    return true;
}

static void a_host_killed_at_any_system_call_leaves_nothing(void **state)
{
    int count = 1;
    (void)state;
    world_expect_orphans();
    while (kill_at(count))
        count += deadline_slowness();
    assert_true(count > 50);
}

/* ---- Any moment ---- */

static void live_long(void *unused)
{
    (void)unused;
    for (;;) {
        pool_t *pool = make_pool();
        ledger_mark(reached, 0);
        for (int i = 0; i < 5; i++)
            check_map(pool);
        pool_free(pool);
    }
}

/* Every second host has a pool when its last milliseconds begin. */
static void a_host_killed_at_any_moment_leaves_nothing(void **state)
{
    uint32_t random = 1;
    (void)state;
    world_expect_orphans();
    reached = ledger_make(1);
    for (int i = 0; i < 100 / deadline_slowness(); i++) {
        uint32_t before = ledger_count(reached, 0);
        pid_t host = subhost_start(live_long, NULL);
        if (i % 2)
            assert_true(ledger_reaches(reached, before + 1, 5000));
        random = random * 1664525 + 1013904223;
        usleep(random >> 17); /* up to 33 milliseconds */
        kill(host, SIGKILL);
        subhost_wait(host);
        assert_true(world_empties(AT_ONCE));
    }
}

/* ---- Hosts that end by themselves ---- */

static void end_by_exit(void *unused)
{
    (void)unused;
    check_map(make_pool());
    exit(0);
}

static void end_at_once(void *unused)
{
    (void)unused;
    make_pool();
    _exit(0);
}

static void end_with_two_pools(void *unused)
{
    (void)unused;
    check_map(make_pool());
    check_map(make_pool());
}

static int wait_for_ever(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    (void)result;
    (void)task;
    for (int i = 1; i < NSIG; i++)
        signal(i, SIG_IGN);
    while (pause() < 0)
        ;
    return 0;
}

static void leave(int signal)
{
    (void)signal;
    _exit(0);
}

/* In the middle of a map, by a signal handler. */
static void end_in_a_map(void *unused)
{
    int items[4] = {0};
    (void)unused;
    pool_t *pool = make_pool();
    signal(SIGALRM, leave);
    ualarm(20000, 0);
    pool_map(pool, wait_for_ever, POOL_IN(items, 4), POOL_NONE);
    _exit(1);
}

/* A process of a session of its own, which functions left behind. */
static int leave_stray(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    (void)result;
    if (fork() == 0) {
        setsid();
        wait_for_ever(item, result, task);
    }
    return 0;
}

static void end_with_strays(void *unused)
{
    int items[4] = {0};
    (void)unused;
    SUBHOST_EQUAL(pool_map(make_pool(), leave_stray, POOL_IN(items, 4), POOL_NONE), 0);
}

/* With work queued, and workers that are just being replaced. */
static void end_while_workers_are_recycled(void *unused)
{
    static int items[1000];
    pool_t *pool;
    pool_options_t options = {.processes = 3, .maxtasksperchild = 1};
    (void)unused;
    SUBHOST_EQUAL(pool_create(&pool, &options), 0);
    SUBHOST_EQUAL(pool_map(pool, work_nothing, POOL_IN(items, 10), POOL_NONE), 0);
    SUBHOST_EQUAL(pool_map_async(pool, work_nothing, POOL_IN(items, 1000), POOL_NONE, NULL, NULL),
                  0);
    exit(0);
}

static void a_host_that_ends_without_pool_free_leaves_nothing(void **state)
{
    static const subhost_body_t bodies[] = {end_by_exit,        end_at_once,
                                            end_with_two_pools, end_in_a_map,
                                            end_with_strays,    end_while_workers_are_recycled};
    (void)state;
    for (size_t i = 0; i < COUNT(bodies); i++) {
        world_expect_orphans();
        assert_int_equal(subhost_wait(subhost_start(bodies[i], NULL)), 0);
        assert_true(world_empties(AT_ONCE));
    }
}

/* ---- Hosts that become or leave something else ---- */

static void become_sleep(void *unused)
{
    (void)unused;
    check_map(make_pool());
    ledger_mark(reached, 0);
    execl("/bin/sleep", "sleep", "1000", (char *)NULL);
    _exit(1);
}

/* Whether this child is the only process left. */
static bool alone(void *child)
{
    pid_t children[8];
    waitpid(-1, NULL, WNOHANG);
    return process_children(getpid(), children, 8) == 1 && children[0] == *(pid_t *)child &&
           process_children(children[0], children, 8) == 0;
}

static void a_host_that_becomes_another_program_leaves_only_that(void **state)
{
    (void)state;
    world_expect_orphans();
    reached = ledger_make(1);
    pid_t host = subhost_start(become_sleep, NULL);
    assert_true(ledger_reaches(reached, 1, 5000));
    assert_true(deadline_met(AT_ONCE, alone, &host));
    kill(host, SIGKILL);
    assert_int_equal(subhost_wait(host), SIGKILL);
}

/* ---- Hosts whose deaths are hard to notice, or pools that are hard to end ---- */

struct obstacles {
    bool copy;     /* a copy of the host, with its descriptors, outlives it */
    bool no_pidfd; /* the system has no descriptors of processes */
    bool no_kill;  /* no process may signal another */
    bool stopped;  /* the supervisor is stopped */
};

struct stage {
    _Atomic pid_t copy, supervisor;
};

static struct stage *stage;

static void wait_to_be_killed(void)
{
    while (pause() < 0)
        ;
}

static void live_with(void *argument)
{
    const struct obstacles *obstacles = argument;
    pid_t worker = 0, supervisor = 0;
#ifdef SYS_pidfd_open
    if (obstacles->no_pidfd)
        deny_call(SYS_pidfd_open, ENOSYS);
#endif
    if (obstacles->no_kill)
        deny_call(SYS_kill, EPERM);
    pool_t *pool = make_pool();
    check_map(pool);
    while (supervisor == 0) { /* a worker that crashed is being replaced */
        pool_pids(pool, &worker, 1);
        supervisor = worker ? process_supervisor(worker) : 0;
    }
    if (obstacles->copy && fork() == 0) {
        atomic_store(&stage->copy, getpid());
        wait_to_be_killed();
    }
    atomic_store(&stage->supervisor, supervisor);
    wait_to_be_killed();
}

static bool stage_is_set(void *obstacles)
{
    return atomic_load(&stage->supervisor) &&
           (atomic_load(&stage->copy) || !((struct obstacles *)obstacles)->copy);
}

static bool is_stopped(void *pid)
{
    return process_state(*(pid_t *)pid) == 'T';
}

/* Whether all processes of the pool are gone at once when the host has been killed. Skips the test
 * if the host does. */
static bool goes_with_its_host(struct obstacles obstacles)
{
    *stage = (struct stage){0};
    pid_t host = subhost_start(live_with, &obstacles);
    if (!deadline_met(5000, stage_is_set, &obstacles)) {
        kill(host, SIGKILL);
        if (WIFEXITED(subhost_wait(host)))
            skip(); /* system calls cannot be denied here */
        return false;
    }
    pid_t copy = stage->copy, supervisor = stage->supervisor;
    if (obstacles.stopped) {
        kill(supervisor, SIGSTOP);
        assert_true(deadline_met(5000, is_stopped, &supervisor));
    }
    kill(host, SIGKILL);
    subhost_wait(host);
    bool gone = copy ? deadline_met(AT_ONCE, alone, &copy) : world_empties(AT_ONCE);
    if (copy)
        kill(copy, SIGKILL);
    return gone && world_empties(AT_ONCE);
}

static void a_pool_ends_with_its_host_by_each_means_alone(void **state)
{
    static const struct obstacles rows[] = {
        {.copy = false},
        {.copy = true},
        {.no_pidfd = true},
        {.copy = true, .no_pidfd = true},
        {.no_kill = true},
        {.copy = true, .no_kill = true},
        {.copy = true, .no_pidfd = true, .no_kill = true},
        {.stopped = true},
        {.stopped = true, .no_pidfd = true},
        {.stopped = true, .no_kill = true},
    };
    (void)state;
    world_expect_orphans();
    stage = world_shared(sizeof *stage);
    for (size_t i = 0; i < COUNT(rows); i++)
        if (!goes_with_its_host(rows[i]))
            fail_msg("row %zu: processes are left", i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST_WITHIN(a_host_killed_at_any_system_call_leaves_nothing, 40),
        WORLD_TEST(a_host_killed_at_any_moment_leaves_nothing),
        WORLD_TEST(a_host_that_ends_without_pool_free_leaves_nothing),
        WORLD_TEST(a_host_that_becomes_another_program_leaves_only_that),
        WORLD_TEST(a_pool_ends_with_its_host_by_each_means_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
