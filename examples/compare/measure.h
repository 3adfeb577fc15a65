/* Runs an example and measures it. */
#ifndef COMPARE_MEASURE_H
#define COMPARE_MEASURE_H

#include "common/report.h"

/* One run of a program. */
struct run {
    struct report report; /* what its last line says; items 0: it printed none */
    int status;           /* as waitpid() gives it */
    double memory;        /* the most bytes that its processes took together, sampled */
    double processors;    /* free meanwhile, if it was the sequential way; see processors.h */
};

/* Runs the program at `path` with the arguments, which end with NULL and begin with its name. It
 * gets a session of its own, so that its processes are known. Waits for its end. Returns 0 or a
 * negated errno value if it could not be started. */
int measure(const char *path, char *const *arguments, struct run *run);

#endif
