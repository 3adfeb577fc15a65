/* Runs in the host, and for a moment in a process in between. The one place where the host forks a
 * process of a pool.
 *
 * The supervisor must not be a child of the host, whose wait() calls and SIGCHLD handler are its
 * own business. So the host makes a process in between, which forks the supervisor and ends at
 * once. The process in between is made by vfork(): it runs in the host's memory while the calling
 * thread stands still. So the pages of the host are copied once, not twice. And the locks that
 * fork() takes lie in the host's memory, where the threads that hold them release them. */
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
    pool->launch.host = getpid();
    pool->launch.session = getsid(0);
    pool->launch.host_pidfd = pool__pidfd(getpid());
    if (!error)
        error = pool__eventfd(&pool->launch.driver_bell);
    if (!error)
        error = pool__set_nonblocking(result[0]);
    return error;
}

void pool__close_channels(pool_t *pool)
{
    pool__close(&pool->launch.board_file);
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

/* Runs in the process in between. Forks the supervisor and ends; never returns to the host's code.
 * The exit status is 0 or the errno value of fork(). A word in memory would not do under tools that
 * make vfork() a fork(). */
static noreturn void stand_between(const struct pool__launch *launch)
{
    pid_t supervisor = fork();
    if (supervisor == 0)
        pool__supervisor_main(launch);
    _exit(supervisor < 0 ? errno : 0);
}

/* Returns 0 or a negated errno value. In a host that ignores SIGCHLD, or reaps every process that
 * it finds, the exit status of the process in between is lost. Then this returns 0, and a failure
 * shows only in that the supervisor never says hello. */
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

/* Opens the channels. They need descriptors more than the board needs its file: where both are too
 * many, the file is closed, and the pool goes on without it. */
static int prepare(pool_t *pool)
{
    int error = open_channels(pool);
    if (error && pool->launch.board_file >= 0) {
        pool__close_channels(pool);
        error = open_channels(pool);
    }
    if (error)
        pool__close_channels(pool);
    return error;
}

int pool__spawn(pool_t *pool)
{
    sigset_t all, before;
    int error = prepare(pool);
    if (error)
        return error;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before); /* no handler of the host's may run in a child */
    error = fork_twice(&pool->launch);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error) {
        pool__close_channels(pool);
        return error;
    }
    pool__close(&pool->launch.board_file);
    pool__close(&pool->launch.result_write); /* then end-of-file on it means that all are gone */
    pool__close(&pool->launch.control);
    pool__close(&pool->launch.host_pidfd);
    return 0;
}
