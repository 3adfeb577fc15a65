/* Runs in the supervisor: finds that the host has ended, where the system has no pidfds. The end of
 * the control channel is not enough: a forked copy of the host holds the channel too. */
#include <errno.h>
#include <unistd.h>

#include "common/stat.h"
#include "supervisor/supervisor.h"

/* Whether /proc is there, and numbers processes as this process does. */
static bool proc_is_ours(void)
{
    struct pool__stat own;
    return pool__stat(getpid(), &own) && own.group == getpid();
}

void pool__watch_host(struct supervisor *supervisor)
{
    struct pool__stat host;
    if (supervisor->launch->host_pidfd < 0 && proc_is_ours() &&
        pool__stat(supervisor->launch->host, &host))
        supervisor->host_start = host.start;
}

bool pool__host_has_ended(const struct supervisor *supervisor)
{
    struct pool__stat host;
    int pid = supervisor->launch->host;
    if (supervisor->launch->host_pidfd >= 0)
        return false;
    if (supervisor->host_start && pool__stat(pid, &host))
        return host.ended || host.start != supervisor->host_start;
    return getpgid(pid) < 0 && errno == ESRCH; /* unlike kill() it needs no permission */
}
