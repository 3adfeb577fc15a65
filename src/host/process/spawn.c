/* Runs in the host, and for a moment in the process in between: the one place where the host forks.
 *
 * The supervisor must not be a child of the host, whose wait() calls and SIGCHLD handler are its
 * own business. So a process in between forks it and ends at once. That process is made by vfork():
 * it runs in the host's memory while the calling thread stands still, so the host's pages are
 * copied once, not twice, and fork() takes its locks where they can be had. */
#include "host/process/spawn.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdnoreturn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/descriptor.h"
#include "common/roles.h"
#include "host/pool.h"

static int open_channels(pool_t *pool)
{
    int result[2] = {-1, -1}, control[2] = {-1, -1};
    int error = pool__pipe(result);
    if (!error)
        error = pool__socketpair(control);
    pool->launch.result_read = result[0];
    pool->launch.result_write = result[1];
    pool->launch.control_host = control[0];
    pool->launch.control = control[1];
    pool->launch.host_pidfd = pool__pidfd(getpid());
    if (!error)
        error = pool__eventfd(&pool->launch.driver_bell);
    if (!error)
        error = pool__set_nonblocking(result[0]);
    return error;
}

void pool__close_channels(pool_t *pool)
{
    pool__close(&pool->launch.result_read);
    pool__close(&pool->launch.result_write);
    pool__close(&pool->launch.control_host);
    pool__close(&pool->launch.control);
    pool__close(&pool->launch.host_pidfd);
    pool__close(&pool->supervisor_pidfd);
    pool__close(&pool->epoll);
    pool__close(&pool->alarm);
    pool__close(&pool->launch.driver_bell);
}

/* Forks the supervisor and ends; never returns to the host's code. The exit status is the error:
 * memory would do as well, but not under tools that make vfork() a fork(). */
static noreturn void stand_between(const struct pool__launch *launch)
{
    pid_t supervisor = fork();
    if (supervisor == 0)
        pool__supervisor_main(launch);
    _exit(supervisor < 0 ? errno : 0);
}

/* Returns 0 or a negated errno value. A host that ignores SIGCHLD, or reaps whatever it finds, takes
 * the exit status; then only the supervisor's silence tells of a failure. */
static int fork_twice(const struct pool__launch *launch)
{
    int status = 0;
    pid_t between = vfork();
    if (between == 0)
        stand_between(launch);
    if (between < 0)
        return -errno;
    while (waitpid(between, &status, 0) < 0) {
        if (errno == ECHILD)
            return 0;
        if (errno != EINTR)
            return -errno;
    }
    if (WIFEXITED(status))
        return -WEXITSTATUS(status);
    return -EAGAIN;
}

int pool__spawn(pool_t *pool)
{
    sigset_t all, before;
    int error = open_channels(pool);
    if (error) {
        pool__close_channels(pool);
        return error;
    }
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before); /* no handler of the host's may run in a child */
    error = fork_twice(&pool->launch);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error) {
        pool__close_channels(pool);
        return error;
    }
    pool__close(&pool->launch.result_write); /* so that its end-of-file says all are gone */
    pool__close(&pool->launch.control);
    pool__close(&pool->launch.host_pidfd);
    return 0;
}
