/* The command line. */
#ifndef AUGMENT_OPTIONS_H
#define AUGMENT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/way.h"

struct options {
    enum way way;
    int processes; /* 0: one for each processor */
    bool texts;    /* the files are texts; else images */
    int samples;   /* of each file */
    long make;     /* images that the example makes itself */
    long limit;    /* files taken of those in `paths`, at most; LONG_MAX: all */
    uint64_t seed;
    size_t max_pixels;  /* of an image */
    int item_timeout;   /* seconds for one file; in a pool only */
    const char *output; /* directory; NULL: write nothing */
    char **paths;       /* ends with NULL */
    bool crash;
};

/* Reads the command line. Returns -1 to go on, or the status to exit with, having printed the help
 * or what is wrong. */
int options_read(struct options *options, int argc, char **argv);

#endif
