/* How many processors this process may use. */
#ifndef POOL_HOST_CPU_H
#define POOL_HOST_CPU_H

/* The cgroup's CPU quota in processors, rounded up, at least 1; 0 when there is none. Files are
 * looked for below `root` ("" for the system's own): the process's cgroups in proc/self/cgroup, the
 * hierarchies in sys/fs/cgroup. What cannot be read or makes no sense is no quota. */
int pool__cgroup_quota(const char *root);

/* The smaller of affinity and quota, at least 1. */
int pool__processors(void);

#endif
