/* Runs the folds of trials: in the processes of a pool, in threads, or one after the other. */
#ifndef SEARCH_CREW_H
#define SEARCH_CREW_H

#include <procpool.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/way.h"
#include "rounds.h"

/* What all the jobs share. Workers have a copy of it from when the pool was made. */
struct crew {
    enum way way;
    int processes; /* or threads; 0: one for each processor. crew_start() writes the number */
    const struct study *study;
    const struct data *data;
    double fold_limit; /* seconds that one fold may take in a worker; 0: no limit */
    pid_t host;        /* the process that made the pool */
    pool_t *pool;      /* NULL in the other ways */
    /* For each trial, whether a fold of it was out of time. In memory that all workers share; NULL in the
     * other ways. */
    atomic_bool *late;
};

/* One fold of a trial in a round: the item of the pool. */
struct job {
    unsigned trial, epochs, fold;
    unsigned place; /* of the trial in the list of its round; for the host only */
    bool crash;     /* ends the process by SIGSEGV, to show what that costs */
    /* Whether a fold of the trial was out of time, so that this one is not needed; NULL: never. It
     * points into memory that all workers share. */
    atomic_bool *late;
};

/* What a worker sends back. */
struct fold {
    double accuracy, seconds;
};

/* How a job ended. */
struct job_end {
    const struct job *job;
    enum outcome outcome;
    struct fold fold; /* all 0 without a score */
    const char *why;  /* NULL with a score; otherwise valid during the call only */
};

/* Told of each job that ends, one at a time. Returns 0, or a negative code that ends the run. */
typedef int (*crew_told_t)(void *context, const struct job_end *end);

/* Makes the pool, if the way is one. The data must be there. Returns 0 or a negative POOL_E code or errno
 * value. */
int crew_start(struct crew *crew);

/* Ends the pool and what still runs in it. A second call does nothing. */
void crew_end(struct crew *crew);

/* Runs the jobs. They begin in the order of the array. Returns 0 when all have ended, well or not;
 * -EINTR after Ctrl-C; what `told` returned; another negative code when the way itself failed. */
int crew_run(struct crew *crew, const struct job *jobs, size_t count, crew_told_t told,
             void *context);

#endif
