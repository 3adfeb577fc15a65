/* The whole job: what is asked for, what is known so far. */
#ifndef PREPROCESS_JOB_H
#define PREPROCESS_JOB_H

#include <stdbool.h>

#include "common/files.h"
#include "document.h"
#include "duplicates.h"
#include "options.h"
#include "output.h"
#include "ways.h"

#define ROUNDS 3 /* at most */

/* How long things took, in seconds. */
struct times {
    double listing, grouping, writing;
    double ways[WAY_COUNT][ROUNDS]; /* making the documents, without reading ahead and writing */
    int rounds;
};

struct job {
    struct options options;
    struct crew crew;
    struct files files;
    struct record *records; /* one for each file */
    struct duplicates duplicates;
    struct output output;
    struct times times;
    bool identical[WAY_COUNT]; /* results as those of the first way used */
};

#endif
