/* The command line. */
#ifndef SEARCH_OPTIONS_H
#define SEARCH_OPTIONS_H

#include <stdbool.h>

#include "common/way.h"
#include "study.h"

/* What the program ends with when Ctrl-C has stopped the search, as a shell says of SIGINT. */
#define EXIT_INTERRUPTED 130

struct options {
    struct study study;
    enum way way;
    unsigned processes;   /* or threads; 0: one for each processor */
    double trial_timeout; /* seconds; 0: no limit */
    unsigned retries;
    bool crash;
    const char *journal, *output; /* NULL: none */
};

/* Reads the command line. Returns -1, or the exit status of the program if it is to end now. */
int options_read(struct options *options, int argc, char **argv);

#endif
