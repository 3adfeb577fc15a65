/* The command line of train. */
#ifndef TRAIN_OPTIONS_H
#define TRAIN_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/way.h"

struct options {
    bool compare; /* all ways, with times */
    enum way way; /* otherwise */
    int processes;
    long epochs, samples, hidden;
    double rate;
    uint64_t seed;
    bool matrix;        /* the library for the matrices was chosen */
    bool crash;         /* a micro-batch in the middle crashes */
    const char *output; /* NULL: nothing is written */
};

/* Reads the command line. Returns -1, or the exit status with which the program should end now. */
int options_read(struct options *options, int argc, char **argv);

#endif
