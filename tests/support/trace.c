/* Runs in the test program. */
#include "support/trace.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "support/deadline.h"
#include "support/process.h"

enum { EVENT_STOP = 128 }; /* PTRACE_EVENT_STOP, which some headers lack */

/* ---- A timer that interrupts waitpid() while a process is traced ---- */

static timer_t ticks;
static bool ticking;

static void on_tick(int signal)
{
    (void)signal;
}

static void start_ticks(void)
{
    const struct itimerspec often = {{0, 5000000}, {0, 5000000}};
    struct sigaction action = {.sa_handler =
                                   on_tick}; /* no SA_RESTART: the signal ends waitpid() */
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2};
    if (ticking)
        return;
    sigaction(SIGUSR2, &action, NULL);
    ticking = timer_create(CLOCK_MONOTONIC, &event, &ticks) == 0 &&
              timer_settime(ticks, 0, &often, NULL) == 0;
}

static void stop_ticks(void)
{
    if (ticking)
        timer_delete(ticks);
    ticking = false;
}

/* ---- Tracing ---- */

/* Waits until the process stops or ends. TRACE_BLOCKED: it has done neither in time. */
static enum trace_step wait_for(pid_t pid, int patience, int *signal)
{
    int64_t end = deadline_now() + (int64_t)patience * deadline_slowness();
    int status;
    for (;;) {
        pid_t got = waitpid(pid, &status, __WALL);
        if (got == pid && WIFSTOPPED(status)) {
            bool trap = WSTOPSIG(status) == SIGTRAP || status >> 16 == EVENT_STOP;
            *signal = trap ? 0 : WSTOPSIG(status);
            return TRACE_STEPPED;
        }
        if (got == pid || errno == ECHILD)
            return TRACE_GONE;
        if (deadline_now() >= end)
            return TRACE_BLOCKED;
    }
}

bool trace_seize(pid_t pid)
{
    int signal;
    start_ticks();
    if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) < 0)
        return false;
    return ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) == 0 &&
           wait_for(pid, 5000, &signal) == TRACE_STEPPED;
}

/* Resumes the process until it stops for `request`. A stop for a signal does not count: the signal is
 * delivered, and the process goes on. */
static enum trace_step go_on(pid_t pid, enum __ptrace_request request, int patience)
{
    int signal = 0;
    enum trace_step step;
    do {
        if (ptrace(request, pid, NULL, (void *)(intptr_t)signal) < 0)
            return errno == ESRCH && process_ended(pid) ? TRACE_GONE : TRACE_BLOCKED;
        step = wait_for(pid, patience, &signal);
    } while (step == TRACE_STEPPED && signal != 0);
    return step;
}

enum trace_step trace_step(pid_t pid, int patience)
{
    return go_on(pid, PTRACE_SINGLESTEP, patience);
}

enum trace_step trace_call(pid_t pid, int patience)
{
    return go_on(pid, PTRACE_SYSCALL, patience);
}

void trace_kill(pid_t pid)
{
    int status;
    pid_t got;
    stop_ticks();
    kill(pid, SIGKILL);
    do
        got = waitpid(pid, &status, __WALL);
    while ((got == pid && WIFSTOPPED(status)) || (got < 0 && errno == EINTR));
}

void trace_release(pid_t pid)
{
    stop_ticks();
    ptrace(PTRACE_DETACH, pid, NULL, NULL);
}

bool trace_allowed(void)
{
    if (deadline_valgrind())
        return false;
    pid_t child = fork();
    if (child == 0)
        while (pause() < 0)
            ;
    bool allowed = child > 0 && trace_seize(child);
    if (child > 0)
        trace_kill(child);
    return allowed;
}
