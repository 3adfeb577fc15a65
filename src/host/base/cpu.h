/* How many processors this process may use, by its affinity and by the CPU quota of its cgroups. */
#ifndef POOL_HOST_CPU_H
#define POOL_HOST_CPU_H

/* Returns the CPU quota of this process in processors, rounded up, so at least 1; 0: no quota. The
 * files are below `root`, which is "" for the files of the system: proc/self/cgroup names the
 * cgroups of the process, and sys/fs/cgroup has the hierarchies. A file that cannot be read, or
 * makes no sense, sets no quota. */
int pool__cgroup_quota(const char *root);

/* Returns the number of processors that affinity and quota allow, at least 1. */
int pool__processors(void);

#endif
