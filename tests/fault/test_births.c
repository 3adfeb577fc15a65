/* The supervisor, or one of its workers, is killed at each of its system calls from its birth on:
 * making a pool, a map and the end of the pool all come to an end, and nothing is left.
 *
 * The test program traces the host and everything that is forked under it. */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/deadline.h"
#include "support/ledger.h"
#include "support/subhost.h"
#include "support/trace.h"
#include "support/work.h"
#include "support/world.h"

enum { ITEMS = 6, PROCESSES = 64 };

struct stage {
    _Atomic bool go;
};

static struct stage *stage;

static struct ledger *executions;

/* ---- The host ---- */

static int crash_or_copy(const void *item, void *result, pool_task_t *task)
{
    int value = *(const int *)item;
    (void)task;
    ledger_mark(executions, (size_t)value);
    if (value == 2)
        _exit(3);
    *(int *)result = value + 100;
    return 0;
}

/* Every item is right, or has an error; the one that exits is lost at best. */
static void check_map(pool_t *pool)
{
    int items[ITEMS], results[ITEMS] = {0};
    bool failed[ITEMS] = {false};
    const pool_error_t *errors;
    for (int i = 0; i < ITEMS; i++)
        items[i] = i;
    int status = pool_map(pool, crash_or_copy, POOL_IN(items, ITEMS), POOL_OUT(results));
    size_t count = pool_errors(pool, &errors);
    SUBHOST_CHECK(status == POOL_EBROKEN || status == (int)count);
    for (size_t i = 0; i < count; i++) {
        SUBHOST_CHECK(errors[i].index < ITEMS && !failed[errors[i].index]);
        failed[errors[i].index] = true;
    }
    for (int i = 0; i < ITEMS; i++)
        SUBHOST_CHECK(failed[i] != (results[i] == i + 100));
    SUBHOST_CHECK(ledger_all_within(executions, 0, 1));
}

static void live(void *with_initializer)
{
    pool_t *pool;
    pool_options_t options = {.processes = 2, .grace = 500};
    if (*(bool *)with_initializer)
        options.initializer = work_start;
    while (!atomic_load(&stage->go))
        usleep(50);
    if (pool_create(&pool, &options) < 0)
        _exit(0);
    check_map(pool);
    pool_free(pool);
}

/* ---- The tracer ---- */

enum role { UNKNOWN, HOST, BETWEEN, SUPERVISOR, WORKER_1, WORKER_2, REPLACEMENT, LATER };

struct traced {
    pid_t pid;
    enum role role;
    bool waiting; /* for its role to be known */
};

static struct family {
    struct traced members[PROCESSES];
    int count, workers;
    enum role victim;
    int calls; /* stops of the victim at system calls */
    int kill_at;
    int host_status;
    bool killed;
} family;

static struct traced *member(pid_t pid)
{
    for (int i = 0; i < family.count; i++)
        if (family.members[i].pid == pid)
            return &family.members[i];
    assert_in_range(family.count, 0, PROCESSES - 1);
    struct traced *added = &family.members[family.count++];
    *added = (struct traced){.pid = pid};
    return added;
}

static void resume(const struct traced *traced, int signal)
{
    bool watched = traced->role == family.victim && !family.killed;
    ptrace(watched ? PTRACE_SYSCALL : PTRACE_CONT, traced->pid, NULL, (void *)(intptr_t)signal);
}

static enum role child_role(enum role parent)
{
    if (parent == HOST || parent == BETWEEN)
        return parent + 1;
    if (parent != SUPERVISOR)
        return LATER;
    family.workers++;
    return family.workers <= 3 ? (enum role)(SUPERVISOR + family.workers) : LATER;
}

static void note_birth(const struct traced *parent)
{
    unsigned long pid = 0;
    ptrace(PTRACE_GETEVENTMSG, parent->pid, NULL, &pid);
    struct traced *child = member((pid_t)pid);
    child->role = child_role(parent->role);
    if (child->waiting)
        resume(child, 0);
}

static void on_stop(struct traced *traced, int status)
{
    int event = status >> 16, signal = WSTOPSIG(status);
    if (traced->role == UNKNOWN) {
        traced->waiting = true;
        return;
    }
    if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK || event == PTRACE_EVENT_CLONE)
        note_birth(traced);
    else if (event == 0 && signal == (SIGTRAP | 0x80) && traced->role == family.victim &&
             ++family.calls == family.kill_at) {
        family.killed = true;
        kill(traced->pid, SIGKILL);
        return;
    }
    resume(traced, event || signal == (SIGTRAP | 0x80) ? 0 : signal);
}

/* Until all of them have ended. */
static void watch_family(pid_t host)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
        if (pid <= 0)
            continue;
        if (WIFSTOPPED(status))
            on_stop(member(pid), status);
        else if (pid == host)
            family.host_status = status;
    }
}

/* Returns how often the victim stopped at a system call. */
static int live_and_kill(enum role victim, int kill_at, bool with_initializer)
{
    const long options =
        PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE;
    memset(&family, 0, sizeof family);
    family.victim = victim;
    family.kill_at = kill_at;
    ledger_clear(executions);
    atomic_store(&stage->go, false);
    pid_t host = subhost_start(live, &with_initializer);
    member(host)->role = HOST;
    assert_int_equal(ptrace(PTRACE_SEIZE, host, NULL, (void *)options), 0);
    atomic_store(&stage->go, true);
    watch_family(host);
    if (family.host_status != 0)
        fail_msg("the host ended with status %x after a kill at call %d of role %d",
                 family.host_status, kill_at, victim);
    return family.calls;
}

static void sweep(enum role victim, bool with_initializer)
{
    if (!trace_allowed())
        skip();
    world_expect_orphans();
    stage = world_shared(sizeof *stage);
    executions = ledger_make(ITEMS);
    int kill_at = 1;
    while (live_and_kill(victim, kill_at, with_initializer) >= kill_at)
        kill_at += deadline_slowness();
    assert_true(kill_at > 5);
}

static void the_supervisor_may_be_killed_at_any_system_call(void **state)
{
    (void)state;
    sweep(SUPERVISOR, false);
}

static void the_supervisor_may_be_killed_while_initializers_run(void **state)
{
    (void)state;
    sweep(SUPERVISOR, true);
}

static void a_worker_may_be_killed_at_any_system_call(void **state)
{
    (void)state;
    sweep(WORKER_2, false);
}

static void a_replacement_may_be_killed_at_any_system_call(void **state)
{
    (void)state;
    sweep(REPLACEMENT, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST_WITHIN(the_supervisor_may_be_killed_at_any_system_call, 50),
        WORLD_TEST_WITHIN(the_supervisor_may_be_killed_while_initializers_run, 50),
        WORLD_TEST_WITHIN(a_worker_may_be_killed_at_any_system_call, 50),
        WORLD_TEST_WITHIN(a_replacement_may_be_killed_at_any_system_call, 50),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
