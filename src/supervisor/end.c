/* Runs in the supervisor: signals workers, terminates the pool, and ends the supervisor. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "supervisor/supervisor.h"

void pool__signal_group(int pid, int signal)
{
    if (pid == 0)
        return;
    if (kill(-pid, signal) < 0)
        kill(pid, signal);
    kill(pid, SIGCONT);
}

void pool__signal_workers(const struct supervisor *supervisor, int signal)
{
    for (int i = 0; i < supervisor->roster.count; i++) {
        pool__signal_group(supervisor->roster.places[i].worker.pid, signal);
        pool__signal_group(supervisor->roster.places[i].successor.pid, signal);
    }
}

/* Waits for a worker that was killed. A worker that may not be killed is not waited for: the kernel
 * may kill it when the supervisor has ended, or else it leaves after the item that it runs. */
static void bury(int pid)
{
    if (pid && kill(pid, SIGKILL) == 0)
        waitpid(pid, NULL, 0);
}

/* Kills processes that tasks started and that left their worker's group: when the worker ended, the
 * supervisor became their parent. They are found in /proc; where there is none, they are left
 * alone. A killed process may leave children of its own to the supervisor: hence the rounds. */
static void kill_strays(void)
{
    char path[64], list[4096];
    siginfo_t info;
    if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 && errno == ECHILD)
        return;
    snprintf(path, sizeof path, "/proc/self/task/%d/children", getpid());
    for (int round = 0; round < 100; round++) {
        int file = open(path, O_RDONLY | O_CLOEXEC);
        if (file < 0)
            return;
        ssize_t length = read(file, list, sizeof list - 1);
        close(file);
        if (length <= 0)
            return;
        list[length] = '\0';
        char *rest = list, *word;
        while ((word = strtok_r(rest, " \n", &rest))) {
            int pid = atoi(word);
            if (pid > 1 && kill(pid, SIGKILL) == 0)
                waitpid(pid, NULL, 0);
        }
    }
}

noreturn void pool__supervisor_end(struct supervisor *supervisor)
{
    pool__signal_workers(supervisor, SIGKILL);
    for (int i = 0; i < supervisor->roster.count; i++) {
        bury(supervisor->roster.places[i].worker.pid);
        bury(supervisor->roster.places[i].successor.pid);
    }
    kill_strays();
    _exit(0);
}

void pool__supervisor_terminate(struct supervisor *supervisor)
{
    if (supervisor->kill_at)
        return;
    supervisor->roster.mode = POOL__TERMINATING;
    supervisor->kill_at = pool__now() + (uint64_t)supervisor->launch->options.grace * 1000000u;
    pool__signal_workers(supervisor, SIGTERM);
}
