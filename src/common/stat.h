/* What /proc/PID/stat tells of a process. */
#ifndef POOL_COMMON_STAT_H
#define POOL_COMMON_STAT_H

#include <stdbool.h>
#include <stdint.h>

struct pool__stat {
    bool ended; /* all its threads have ended, and its parent has not reaped it yet */
    int group, session;
    uint64_t start; /* when it was started: nanoseconds of CLOCK_BOOTTIME, rounded down to ticks */
};

/* False when there is no such process, or /proc does not tell. */
bool pool__stat(int pid, struct pool__stat *stat);

#endif
