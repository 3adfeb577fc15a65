#define _POSIX_C_SOURCE 200809L
#include "processors.h"

#include <math.h>
#include <procpool.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"

/* The time that all processors have been idle, or waited for a disk, since the system started. */
static double idle_seconds(void)
{
    double user, nice, system, idle, waiting;
    FILE *file = fopen("/proc/stat", "re");
    if (!file)
        return NAN;
    int read = fscanf(file, "cpu %lf %lf %lf %lf %lf", &user, &nice, &system, &idle, &waiting);
    fclose(file);
    return read == 5 ? (idle + waiting) / (double)sysconf(_SC_CLK_TCK) : NAN;
}

static double own_seconds(void)
{
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

void processors_begin(struct processors *processors)
{
    *processors = (struct processors){clock_seconds(), idle_seconds(), own_seconds()};
}

double processors_free(const struct processors *processors)
{
    double seconds = clock_seconds() - processors->begin;
    double idle = idle_seconds() - processors->idle, own = own_seconds() - processors->own;
    if (!isfinite(idle) || seconds <= 0)
        return NAN;
    return fmin((idle + own) / seconds, pool_cpu_count());
}
