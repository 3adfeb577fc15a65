/* Runs in the host, in a copy of the host, and in a process in between. A user's pack and unpack
 * functions need the user's memory, so on the host's side they run in the host, and a crash in them
 * would be the host's. So they run in a copy of the host first.
 *
 * The copy must not be a child of the host, whose wait() calls and SIGCHLD handler are its own
 * business. As in host/process/spawn.c it is the child of a process in between, made by vfork().
 * That process waits for the copy, and the calling thread stands still until both have ended. */
#include "host/base/dryrun.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <stdnoreturn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/board.h"

static void exit_quickly(int status, void *unused)
{
    (void)unused;
    _exit(status);
}

/* When a function ends the thread that runs it: the copy would live on with its other threads. The
 * copy ends before the cleanup handlers of the host's thread run, which are not for it. */
static void exit_with_thread(void *unused)
{
    (void)unused;
    _exit(0);
}

/* Runs in the copy. The signal handlers and the exit handlers that the host registered, and the
 * bytes in its stdio buffers, belong to the host. A function that on_exit() registers runs before
 * those of earlier registrations, so exit() in a user's function runs none of them and flushes
 * nothing. */
static noreturn void run_copy(struct pool__dry_run *dry_run, void (*body)(void *), void *argument)
{
    struct sigaction action = {.sa_handler = SIG_DFL};
    sigset_t none;
    for (int signal = 1; signal < NSIG; signal++)
        sigaction(signal, &action, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    on_exit(exit_quickly, NULL);
    pthread_cleanup_push(exit_with_thread, NULL);
    body(argument);
    dry_run->finished = true;
    _exit(0);
    pthread_cleanup_pop(0);
}

/* Runs in the process in between, in the host's memory. Never returns to the host's code. */
static noreturn void stand_between(struct pool__dry_run *dry_run, void (*body)(void *),
                                   void *argument)
{
    signal(SIGCHLD, SIG_DFL); /* a host that ignores it leaves nothing to wait for */
    pid_t copy = fork();
    if (copy == 0)
        run_copy(dry_run, body, argument);
    dry_run->error = copy < 0 ? -errno : 0;
    while (copy > 0 && waitpid(copy, &dry_run->status, 0) < 0 && errno == EINTR)
        ;
    _exit(0);
}

int pool__run_dry(struct pool__dry_run *dry_run, void (*body)(void *argument), void *argument,
                  int *status)
{
    sigset_t all, before;
    /* The error stays if the process in between is killed before it forks. */
    *dry_run = (struct pool__dry_run){.error = -ECHILD};
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before); /* no handler may run in the process in between */
    pid_t between = vfork();
    if (between == 0)
        stand_between(dry_run, body, argument);
    int error = between < 0 ? -errno : 0;
    while (between > 0 && waitpid(between, NULL, 0) < 0 && errno == EINTR)
        ;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error || dry_run->error)
        return error ? error : dry_run->error;
    *status = dry_run->status;
    return dry_run->finished ? 0 : 1;
}
