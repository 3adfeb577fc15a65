#define _POSIX_C_SOURCE 200809L
#include "processors.h"

#include <math.h>
#include <procpool.h>
#include <stdio.h>
#include <sys/resource.h>
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

static double seconds_of(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

/* Processor time of this process and of the children that it has waited for. */
static double own_seconds(void)
{
    struct rusage own, children;
    getrusage(RUSAGE_SELF, &own);
    getrusage(RUSAGE_CHILDREN, &children);
    return seconds_of(own.ru_utime) + seconds_of(own.ru_stime) + seconds_of(children.ru_utime) +
           seconds_of(children.ru_stime);
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
