#define _POSIX_C_SOURCE 200809L
#include "memory.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Whether the process is in the session: the fourth number after the name in /proc/PID/stat. */
static bool is_in_session(const char *process, pid_t session)
{
    char path[300], line[512];
    int parent, group, found = -1;
    snprintf(path, sizeof path, "/proc/%s/stat", process);
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    const char *end = fgets(line, sizeof line, file) ? strrchr(line, ')') : NULL;
    fclose(file);
    return end && sscanf(end, ") %*c %d %d %d", &parent, &group, &found) == 3 && found == session;
}

/* The proportional set size of the process in bytes; 0 if it cannot be read. */
static double memory_of(const char *process)
{
    char path[300], line[256];
    double kilobytes = 0;
    snprintf(path, sizeof path, "/proc/%s/smaps_rollup", process);
    FILE *file = fopen(path, "re");
    if (!file)
        return 0;
    while (fgets(line, sizeof line, file))
        if (sscanf(line, "Pss: %lf kB", &kilobytes) == 1)
            break;
    fclose(file);
    return 1024 * kilobytes;
}

double memory_of_session(pid_t session)
{
    double bytes = 0;
    const struct dirent *entry;
    DIR *all = opendir("/proc");
    if (!all)
        return 0;
    while ((entry = readdir(all)))
        if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' &&
            is_in_session(entry->d_name, session))
            bytes += memory_of(entry->d_name);
    closedir(all);
    return bytes;
}
