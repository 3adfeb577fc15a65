/* Runs in the host. Reads files and the environment, and changes nothing. The affinity comes from
 * libuv. libuv before 1.49 does not look at the CPU quota, so the quota is read here.
 *
 * A quota applies to the cgroup that it is set on and to all cgroups below, so every level up to
 * the root counts. In a container the path of the process's cgroup may not exist below the mounted
 * hierarchy, because the root of that mount is the container's own cgroup. Levels that do not exist
 * are skipped.
 *
 * Every quota is a number of processors, rounded up; 0: no quota. */
#include "host/base/cpu.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "procpool.h"

static int smaller_quota(int a, int b)
{
    if (a == 0 || b == 0)
        return a + b;
    return a < b ? a : b;
}

static int processors_of(long long quota, long long period)
{
    if (quota <= 0 || period <= 0)
        return 0;
    long long whole = quota / period + (quota % period != 0);
    return whole > INT_MAX ? INT_MAX : (int)whole;
}

/* Reads the first line of a file into `text`. False when there is none. */
static bool read_line(const char *directory, const char *name, char *text, int size)
{
    char path[PATH_MAX];
    int length = snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = length < (int)sizeof path ? fopen(path, "re") : NULL;
    bool got = file && fgets(text, size, file);
    if (file)
        fclose(file);
    return got;
}

static int quota_v2(const char *directory)
{
    char text[64];
    long long quota, period;
    if (!read_line(directory, "cpu.max", text, sizeof text) ||
        sscanf(text, "%lld %lld", &quota, &period) != 2)
        return 0; /* "max 100000": no quota */
    return processors_of(quota, period);
}

static int quota_v1(const char *directory)
{
    char quota[32], period[32];
    if (!read_line(directory, "cpu.cfs_quota_us", quota, sizeof quota) ||
        !read_line(directory, "cpu.cfs_period_us", period, sizeof period))
        return 0;
    return processors_of(atoll(quota), atoll(period));
}

/* The smallest quota of the cgroup `path`, which lies below `hierarchy`, and of all cgroups above
 * it. `quota` reads the quota of one cgroup. */
static int quota_upwards(const char *hierarchy, const char *path, int (*quota)(const char *))
{
    char directory[PATH_MAX];
    size_t top = strlen(hierarchy);
    if (snprintf(directory, sizeof directory, "%s%s", hierarchy, path) >= (int)sizeof directory)
        return 0;
    int smallest = 0;
    for (;;) {
        smallest = smaller_quota(smallest, quota(directory));
        char *slash = strrchr(directory, '/');
        if (!slash || (size_t)(slash - directory) < top)
            return smallest;
        *slash = '\0';
    }
}

/* Whether the list of controllers, separated by commas, has the controller "cpu". */
static bool names_cpu(const char *controllers)
{
    char list[256];
    snprintf(list, sizeof list, ",%s,", controllers);
    return strstr(list, ",cpu,") != NULL;
}

/* The quota by one line of /proc/self/cgroup: "0::/path" of v2, or "4:cpu,cpuacct:/path" of v1. A
 * v1 hierarchy is mounted under the list of its controllers, or else as "cpu". */
static int quota_of_line(const char *root, char *line)
{
    char hierarchy[PATH_MAX];
    char *controllers = strchr(line, ':'), *path;
    if (!controllers || !(path = strchr(++controllers, ':')))
        return 0;
    *path++ = '\0';
    path[strcspn(path, "\n")] = '\0';
    bool v2 = *controllers == '\0';
    if (!v2 && !names_cpu(controllers))
        return 0;
    if (snprintf(hierarchy, sizeof hierarchy, "%s/sys/fs/cgroup%s%s", root, v2 ? "" : "/",
                 controllers) >= (int)sizeof hierarchy)
        return 0;
    int quota = quota_upwards(hierarchy, path, v2 ? quota_v2 : quota_v1);
    if (quota || v2)
        return quota;
    snprintf(hierarchy, sizeof hierarchy, "%s/sys/fs/cgroup/cpu", root);
    return quota_upwards(hierarchy, path, quota_v1);
}

int pool__cgroup_quota(const char *root)
{
    char path[PATH_MAX], *line = NULL;
    size_t size = 0;
    int quota = 0;
    if (snprintf(path, sizeof path, "%s/proc/self/cgroup", root) >= (int)sizeof path)
        return 0;
    FILE *file = fopen(path, "re");
    if (!file)
        return 0;
    while (getline(&line, &size, file) > 0)
        quota = smaller_quota(quota, quota_of_line(root, line));
    free(line);
    fclose(file);
    return quota;
}

int pool__processors(void)
{
    int processors = smaller_quota((int)uv_available_parallelism(), pool__cgroup_quota(""));
    return processors > 0 ? processors : 1;
}

int pool_cpu_count(void)
{
    const char *text = secure_getenv("PROCPOOL_PROCESSES");
    if (text) {
        char *end;
        long count = strtol(text, &end, 10);
        if (end != text && *end == '\0' && count >= 1 && count <= POOL_PROCESSES_MAX)
            return (int)count;
    }
    int processors = pool__processors();
    return processors < POOL_PROCESSES_MAX ? processors : POOL_PROCESSES_MAX;
}
