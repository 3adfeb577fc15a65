/* Three ways to make the samples of all sources: one after the other, in threads, in a pool. */
#ifndef AUGMENT_WAYS_H
#define AUGMENT_WAYS_H

#include <stddef.h>

#include "codec.h"
#include "options.h"
#include "sources.h"
#include "vary.h"

/* What happened to the file with this index: an outcome or, if `reason` is not "", none. */
struct ending {
    size_t index;
    const struct outcome *outcome; /* see vary.h */
    char reason[REASON];
    char death[64]; /* how the worker ended, if it did; else "" */
};

/* What the ways work with. */
struct crew {
    const struct options *options;
    const struct sources *sources;
    int processes; /* or threads; 1 in sequence */
    /* Takes the endings in the order of the files. Returns 0, or an error that ends the work. */
    int (*take)(void *context, const struct ending *ending);
    void *context;
};

/* Works through all sources. Returns 0, an error of `take`, or a negative POOL_E code or errno value
 * when the way itself failed. */
int ways_run(const struct crew *crew);

#endif
