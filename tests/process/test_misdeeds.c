/* Functions that neither fail nor crash, but spoil the worker's surroundings: descriptors, signals,
 * processes, the pool itself. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/deadline.h"
#include "support/ledger.h"
#include "support/outcome.h"
#include "support/process.h"
#include "support/work.h"
#include "support/world.h"

/* ---- Descriptors ---- */

static void close_from(int first)
{
    for (int i = first; i < 1024; i++)
        close(i);
}

static int close_everything(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    (void)result;
    (void)task;
    close_from(0);
    return 0;
}

static void closing_all_descriptors_costs_nothing(void **state)
{
    (void)state;
    outcome_costs_none(world_pool(2), close_everything);
}

enum { FILES = 24, MOST_PIDS = 1 << 22 };
static char directory[] = "/tmp/procpool-XXXXXX";

static const char *file_name(int i)
{
    static char name[64];
    snprintf(name, sizeof name, "%s/%d", directory, i);
    return name;
}

/* Puts files of its own under the numbers that the worker's descriptors had. */
static int take_over_descriptors(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    (void)result;
    (void)task;
    close_from(0);
    for (int i = 0; i < FILES; i++)
        if (open(file_name(i), O_RDWR | O_APPEND | O_CREAT, 0600) < 0)
            return errno;
    return 0;
}

static void nothing_is_written_into_a_functions_files(void **state)
{
    struct stat stat_of_file;
    (void)state;
    assert_non_null(mkdtemp(directory));
    pool_t *pool = world_pool(2);
    outcome_costs_none(pool, take_over_descriptors);
    world_free(pool);
    for (int i = 0; i < FILES; i++) {
        assert_int_equal(stat(file_name(i), &stat_of_file), 0);
        assert_int_equal(stat_of_file.st_size, 0);
        unlink(file_name(i));
    }
    rmdir(directory);
}

static int make_all_nonblocking(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    (void)result;
    (void)task;
    for (int i = 3; i < 1024; i++)
        fcntl(i, F_SETFL, O_NONBLOCK);
    return 0;
}

static int make_all_blocking(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    (void)result;
    (void)task;
    for (int i = 3; i < 1024; i++)
        fcntl(i, F_SETFL, 0);
    return 0;
}

static void changing_flags_of_descriptors_costs_nothing(void **state)
{
    (void)state;
    pool_t *pool = world_pool(2);
    outcome_costs_none(pool, make_all_nonblocking);
    outcome_costs_none(pool, make_all_blocking);
    assert_int_equal(pool_replaced(pool), 0);
}

/* Fills every pipe and socket that takes it, and takes out what is in them. */
static int write_into_descriptors(const void *item, void *result, pool_task_t *task)
{
    char noise[4096];
    (void)item;
    (void)result;
    (void)task;
    memset(noise, 0xa5, sizeof noise);
    for (int i = 3; i < 64; i++) {
        fcntl(i, F_SETFL, O_NONBLOCK);
        for (int k = 0; k < 64 && write(i, noise, sizeof noise) > 0; k++)
            ;
        for (int k = 0; k < 64 && read(i, noise, sizeof noise) > 0; k++)
            ;
    }
    return 0;
}

static void noise_in_descriptors_costs_nothing(void **state)
{
    (void)state;
    pool_t *pool = world_pool(2);
    for (int round = 0; round < 10; round++)
        outcome_costs_none(pool, write_into_descriptors);
}

/* ---- Processes ---- */

static struct ledger *ends; /* of children: 0 crashed, 1 went on */

/* Returns twice. The copy must not go on as a worker. */
static int return_in_child(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    (void)result;
    (void)task;
    return fork() == 0 ? 42 : 0;
}

static int return_0_in_child(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    (void)task;
    fork();
    if (result)
        *(int *)result = 1;
    return 0;
}

static void returning_in_a_forked_child_gives_one_result(void **state)
{
    (void)state;
    pool_t *pool = world_pool(2);
    for (int round = 0; round < 5; round++) {
        outcome_costs_none(pool, return_in_child);
        outcome_costs_none(pool, return_0_in_child);
    }
    assert_int_equal(pool_replaced(pool), 0);
}

/* A process that a function leaves behind cannot reach results, which may be another item's by
 * then. */
static OUTCOME_UNCHECKED int write_from_child(const void *item, void *result, pool_task_t *task)
{
    int status;
    (void)item;
    (void)task;
    pid_t child = fork();
    if (child == 0) {
        *(volatile int *)result = 1;
        _exit(0);
    }
    waitpid(child, &status, 0);
    ledger_mark(ends, WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV ? 0 : 1);
    return 0;
}

static void children_of_functions_cannot_write_results(void **state)
{
    (void)state;
    ends = ledger_make(2);
    outcome_costs_none(world_pool(1), write_from_child);
    assert_true(ledger_count(ends, 0) > 0);
    assert_int_equal(ledger_count(ends, 1), 0);
}

/* Leaves a process behind that wants to live for ever: in a session of its own, without parent,
 * deaf to signals. */
static int leave_stray(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    (void)result;
    (void)task;
    pid_t child = fork();
    if (child == 0) {
        setsid();
        if (fork() > 0)
            _exit(0);
        for (int i = 1; i < NSIG; i++)
            signal(i, SIG_IGN);
        for (;;)
            pause();
    }
    waitpid(child, NULL, 0);
    return 0;
}

static int leave_stray_and_crash(const void *item, void *result, pool_task_t *task)
{
    leave_stray(item, result, task);
    abort();
}

static void processes_left_behind_end_with_the_pool(void **state)
{
    (void)state;
    pool_t *pool = world_pool(2);
    outcome_costs_none(pool, leave_stray);
    outcome_costs_one(pool, leave_stray_and_crash, POOL_CRASHED, SIGABRT);
}

static struct ledger *left_behind; /* by process id */

/* Leaves a process in the worker's group, deaf to signals, and crashes. */
static int leave_child_and_crash(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    (void)result;
    (void)task;
    pid_t child = fork();
    if (child == 0) {
        for (int i = 1; i < NSIG; i++)
            signal(i, SIG_IGN);
        while (pause() < 0)
            ;
    }
    ledger_mark(left_behind, (size_t)child);
    abort();
}

static bool all_ended(void *unused)
{
    (void)unused;
    for (pid_t pid = 1; pid < MOST_PIDS; pid++)
        if (ledger_count(left_behind, (size_t)pid) && !process_ended(pid))
            return false;
    return true;
}

/* At once, not only with the pool. */
static void children_of_a_crashed_function_end_with_it(void **state)
{
    (void)state;
    left_behind = ledger_make(MOST_PIDS);
    pool_t *pool = world_pool(2);
    outcome_costs_one(pool, leave_child_and_crash, POOL_CRASHED, SIGABRT);
    assert_true(deadline_met(2000, all_ended, NULL));
}

static int wait_for_all(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    (void)result;
    (void)task;
    return waitpid(-1, NULL, 0) < 0 && errno == ECHILD ? 0 : 1;
}

static void a_worker_has_no_children_of_the_pool(void **state)
{
    (void)state;
    outcome_costs_none(world_pool(2), wait_for_all);
}

/* ---- Signals ---- */

static int turn_deaf(const void *item, void *result, pool_task_t *task)
{
    sigset_t all;
    (void)item;
    (void)result;
    (void)task;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    for (int i = 1; i < NSIG; i++)
        signal(i, SIG_IGN);
    return 0;
}

static void ignoring_all_signals_costs_nothing(void **state)
{
    (void)state;
    pool_options_t options = {.processes = 1, .grace = 50};
    pool_t *pool = world_pool_with(&options);
    outcome_costs_none(pool, turn_deaf);
    outcome_costs_one(pool, work_write_to_null, POOL_CRASHED, SIGSEGV);
    outcome_costs_none(pool, turn_deaf);
    int64_t began = deadline_now();
    assert_int_equal(pool_terminate(pool), 0);
    assert_true(deadline_kept(began, 5000));
}

static int signal_own_group(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    (void)result;
    (void)task;
    kill(0, SIGTERM);
    pause();
    return 0;
}

static void signalling_its_group_costs_one_item(void **state)
{
    (void)state;
    outcome_costs_one(world_pool(3), signal_own_group, POOL_CRASHED, SIGTERM);
}

/* Every signal that can be fended off; those between are the C library's, which lets nobody block
 * them. */
static int signal_parent(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    (void)result;
    (void)task;
    for (int i = 1; i < NSIG; i++)
        if (i != SIGKILL && i != SIGSTOP && (i <= SIGSYS || i >= SIGRTMIN))
            kill(getppid(), i);
    return 0;
}

static void signalling_the_supervisor_costs_nothing(void **state)
{
    pid_t worker;
    (void)state;
    pool_t *pool = world_pool(1);
    pool_pids(pool, &worker, 1);
    pid_t supervisor = process_supervisor(worker);
    outcome_costs_none(pool, signal_parent);
    pool_pids(pool, &worker, 1);
    assert_int_equal(process_supervisor(worker), supervisor);
    assert_int_equal(pool_replaced(pool), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(closing_all_descriptors_costs_nothing),
        WORLD_TEST(nothing_is_written_into_a_functions_files),
        WORLD_TEST(changing_flags_of_descriptors_costs_nothing),
        WORLD_TEST(noise_in_descriptors_costs_nothing),
        WORLD_TEST(returning_in_a_forked_child_gives_one_result),
        WORLD_TEST(children_of_functions_cannot_write_results),
        WORLD_TEST(processes_left_behind_end_with_the_pool),
        WORLD_TEST(children_of_a_crashed_function_end_with_it),
        WORLD_TEST(a_worker_has_no_children_of_the_pool),
        WORLD_TEST(ignoring_all_signals_costs_nothing),
        WORLD_TEST(signalling_its_group_costs_one_item),
        WORLD_TEST(signalling_the_supervisor_costs_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
