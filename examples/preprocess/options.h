/* The command line. */
#ifndef PREPROCESS_OPTIONS_H
#define PREPROCESS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "ways.h"

struct options {
    enum way way;
    bool compare;       /* all ways; `way` is not used */
    int processes;      /* 0: one for each processor */
    size_t max_bytes;   /* larger files are refused */
    const char *output; /* directory; NULL: write nothing */
    bool crash;         /* the work on the first file crashes */
    char **paths;       /* ends with NULL */
};

/* Reads the command line. Returns -1 to go on, or the status to exit with, having printed the help
 * or what is wrong. */
int options_read(struct options *options, int argc, char **argv);

#endif
