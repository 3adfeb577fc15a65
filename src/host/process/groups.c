/* Runs in the host, after the supervisor has ended. The kernel has killed the workers, but not the
 * children that they had. A process that has left its worker's group is not found here. */
#include "host/process/groups.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

static bool is_member(const pool_t *pool, pid_t pid)
{
    for (int i = 0; i < pool->numbers_given; i++)
        if (pid > 0 && pool->members[i].pid == pid)
            return true;
    return false;
}

/* Reads group and session of a process from /proc. The fields are counted from the end of the
 * process's name, which may hold blanks and brackets. */
static bool read_group(int pid, int *group, int *session)
{
    char path[64], text[512];
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return false;
    ssize_t length = read(file, text, sizeof text - 1);
    close(file);
    text[length > 0 ? length : 0] = '\0';
    const char *name_end = strrchr(text, ')');
    return name_end && sscanf(name_end, ") %*c %*d %d %d", group, session) == 2;
}

void pool__kill_groups(const pool_t *pool)
{
    if (pool->supervisor <= 0 || !any_left(pool))
        return;
    DIR *processes = opendir("/proc");
    const struct dirent *entry;
    while (processes && (entry = readdir(processes))) {
        int pid = atoi(entry->d_name), group, session;
        if (pid > 0 && read_group(pid, &group, &session) && session == pool->supervisor &&
            is_member(pool, group))
            kill(-group, SIGKILL);
    }
    if (processes)
        closedir(processes);
}
