/* Runs in the host, after the supervisor has ended. The kernel has killed the workers, but not the
 * children that they had. A process that has left its worker's group is not found here. */
#include "host/process/groups.h"

#include <dirent.h>
#include <signal.h>
#include <stdlib.h>

#include "common/stat.h"
#include "host/pool.h"
#include "host/process/members.h"

/* Whether some process is in a group with the number of a worker. */
static bool any_left(const pool_t *pool)
{
    for (int i = 0; i < pool->numbers_given; i++)
        if (pool->members[i].pid > 0 && kill(-pool->members[i].pid, 0) == 0)
            return true;
    return false;
}

/* Whether this is the number of a worker's group, and not of a group whose leader was started later.
 */
static bool is_ours(const pool_t *pool, int group)
{
    struct pool__stat leader;
    int i = 0;
    while (i < pool->numbers_given && pool->members[i].pid != group)
        i++;
    if (group <= 0 || i == pool->numbers_given)
        return false;
    return !pool__stat(group, &leader) || leader.start <= pool->members[i].seen;
}

/* The supervisor is in the session of its host, or leads one: see leave_terminal() there. */
static bool is_session(const pool_t *pool, int session)
{
    return session == pool->launch.session || session == pool->supervisor;
}

void pool__kill_groups(const pool_t *pool)
{
    if (!any_left(pool))
        return;
    DIR *processes = opendir("/proc");
    const struct dirent *entry;
    while (processes && (entry = readdir(processes))) {
        int pid = atoi(entry->d_name);
        struct pool__stat stat;
        if (pid > 0 && pool__stat(pid, &stat) && is_session(pool, stat.session) &&
            is_ours(pool, stat.group))
            kill(-stat.group, SIGKILL);
    }
    if (processes)
        closedir(processes);
}
