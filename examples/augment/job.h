/* The whole job: what is asked for, what is known so far. */
#ifndef AUGMENT_JOB_H
#define AUGMENT_JOB_H

#include <stddef.h>
#include <stdint.h>

#include "options.h"
#include "output.h"
#include "sources.h"
#include "ways.h"

enum { SHOWN = 8 }; /* bad files that the report tells of */

struct job {
    struct options options;
    struct sources sources;
    struct output output;
    int processes;
    struct ending bad[SHOWN]; /* the first; their outcomes are gone */
    size_t lost;              /* bad files */
    uint64_t check;           /* of what became of all files, in their order */
    double listing, seconds;  /* time for listing the files, and for the rest */
};

#endif
