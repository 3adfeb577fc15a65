/* Runs in a worker: what a new process does to itself before it works. pool__initialize() runs in
 * the host, too, for an inline worker. */
#include "worker/start.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "common/futex.h"

enum { SECOND = 1000 };

/* Runs when a task calls exit(), before any exit handler of the host: handlers run in the reverse
 * order of their registration. */
static void exit_quickly(int status, void *unused)
{
    (void)unused;
    fflush(stdout);
    _exit(status);
}

/* Drops what the host had written to a stream and not flushed: the host prints it. Reading from
 * standard input finds its end. */
static void forget_stdio(void)
{
    __fpurge(stdin);
    __fpurge(stdout);
    __fpurge(stderr);
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (nothing >= 0) {
        dup2(nothing, STDIN_FILENO);
        if (nothing != STDIN_FILENO)
            close(nothing);
    }
}

/* Has the kernel kill this process when the supervisor ends. Leaves the process if the supervisor
 * has ended before. */
static void bind_to_supervisor(const struct worker *worker)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (!pool__supervised(worker))
        _exit(POOL__EXIT_NO_START);
}

/* The process leads a group of its own, so that its children can be killed with it. */
static void lead_group(int number)
{
    char name[16];
    setpgid(0, 0);
    snprintf(name, sizeof name, "pool-worker-%u", (unsigned)number % 1000);
    prctl(PR_SET_NAME, name);
}

/* When memory runs out, the kernel should kill a worker, which can be replaced, and not the host.
 */
static void volunteer(void)
{
    int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (file < 0)
        return;
    if (write(file, "500", 3) < 0)
        errno = 0; /* the value is higher already, or the system refuses: leave it so */
    close(file);
}

/* Sets niceness and processor as the options say. A refusal of the system is ignored: the worker
 * only runs elsewhere, or with another priority. */
static void settle_down(const struct worker *worker)
{
    const pool_options_t *options = &worker->launch->options;
    cpu_set_t all, one;
    if (options->niceness && nice(options->niceness) < 0)
        errno = 0;
    if (!options->pinned || sched_getaffinity(0, sizeof all, &all) < 0)
        return;
    int nth = worker->number % CPU_COUNT(&all);
    size_t cpu = 0;
    while (!CPU_ISSET(cpu, &all) || nth-- > 0)
        cpu++;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    sched_setaffinity(0, sizeof one, &one);
}

void pool__start_process(const struct worker *worker)
{
    bind_to_supervisor(worker);
    lead_group(worker->number);
    forget_stdio();
    volunteer();
    on_exit(exit_quickly, NULL);
    if (pool__board_protect(worker->board) < 0)
        _exit(POOL__EXIT_NO_START);
    settle_down(worker);
}

int pool__initialize(struct worker *worker)
{
    const pool_options_t *options = &worker->launch->options;
    if (!options->initializer)
        return 0;
    struct pool_task *task = &worker->task;
    pool__task_begin(task, 0);
    task->seed = ~(uint64_t)worker->number;
    errno = 0;
    int code = options->initializer(options->initargs, &task->state, task);
    if (code == 0)
        return 0;
    unsigned char *page = pool__worker_failures(worker->board, worker->number, worker->life);
    const struct pool__failure *failure = pool__task_failure(task, 0, code);
    atomic_store(&worker->slot->failures, pool__failure_write(page, 0, failure));
    return code;
}

void pool__start_initializer(struct worker *worker)
{
    if (pool__initialize(worker) != 0) {
        fflush(stdout);
        _exit(POOL__EXIT_NO_START);
    }
    /* An initializer that changes the process's user or group, as by setuid(), makes the kernel
     * forget the signal. */
    bind_to_supervisor(worker);
}

void pool__wait_to_succeed(const struct worker *worker)
{
    while (atomic_load(&worker->slot->wake_state) == POOL__SUCCESSOR) {
        pool__futex_wait(&worker->slot->wake_state, POOL__SUCCESSOR, SECOND);
        if (!pool__supervised(worker))
            _exit(POOL__EXIT_NO_START);
    }
}
