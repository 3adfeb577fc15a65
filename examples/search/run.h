/* Runs what is pending in a round: makes jobs of its trials, and results of the jobs. */
#ifndef SEARCH_RUN_H
#define SEARCH_RUN_H

#include "crew.h"

struct run {
    struct crew *crew;
    struct rounds *rounds;
    unsigned retries; /* how often a fold may run once more after its worker died */
    bool crash;       /* lets the trial in the middle crash when it is first run */
    /* Called with each trial that has ended, one at a time. Returns 0, or a negative code that ends the
     * run. */
    int (*ended)(void *context, const struct result *result);
    void *context;
};

/* Runs the pending trials of the present round. Returns 0 when all have ended; otherwise as
 * crew_run(). Trials of which a fold has not ended stay pending. */
int run_round(const struct run *run);

#endif
