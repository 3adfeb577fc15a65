/* Three ways to make the documents of many files: one after the other, in threads, in a pool. */
#ifndef PREPROCESS_WAYS_H
#define PREPROCESS_WAYS_H

#include <procpool.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/way.h"
#include "document.h"

/* Some files, and room for what becomes of each: a document or a problem; the other is all 0. */
struct batch {
    size_t first; /* number of its first file in the whole job */
    const char *const *paths;
    size_t count;
    struct document *documents;
    struct problem *problems;
};

/* What the ways work with. */
struct crew {
    int processes;
    size_t max_bytes;          /* larger files are refused */
    bool crash;                /* the work on the first file crashes */
    struct scratch *scratches; /* one for each thread; the sequential way uses the first */
    pool_t *pool;              /* NULL when no way needs it */
    double pool_seconds;       /* spent on making and ending the pool */
};

/* Makes a crew of `processes` (0: one for each processor), with a pool if asked for: early, as
 * workers are copies of the host. Returns 0 or a negative POOL_E code or errno value. */
int crew_init(struct crew *crew, int processes, size_t max_bytes, bool with_pool, bool crash);

/* Ends the pool and frees everything; again is nothing. */
void crew_fini(struct crew *crew);

/* Makes the documents of `batch`. Returns 0 when each file has ended well or with a problem; a
 * negative POOL_E code or errno value when the way itself failed. */
int way_run(enum way way, struct crew *crew, struct batch *batch);

#endif
