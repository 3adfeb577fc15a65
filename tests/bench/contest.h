/* A contest: the same work, done by each contestant in turn, timed and checked. */
#ifndef BENCH_CONTEST_H
#define BENCH_CONTEST_H

#include "harness.h"

/* `function` over `count` items. */
struct work {
    pool_function_t function;
    const void *items;
    size_t item_size;
    void *results;
    size_t result_size;
    size_t count;
};

static inline void work_item(const struct work *work, size_t i)
{
    work->function((const char *)work->items + i * work->item_size,
                   (char *)work->results + i * work->result_size, NULL);
}

struct crew;

struct contest {
    enum row row; /* for complaints */
    int processes;
    struct work work;
    bool (*right)(const struct work *work); /* are all results right? */
    pool_t *pool;
    size_t chunksize;  /* procpool's; 0: automatic */
    struct crew *crew; /* THREADS is this queue; NULL: a static split */
};

/* Clears the results, lets one contestant (PROCPOOL, SEQUENTIAL, THREADS, OPENMP or OPENMP_STATIC)
 * do the work, checks it. Returns the seconds it took, NAN when there is no such contestant. */
double contest_seconds(const struct contest *contest, enum peer peer);

/* The median of several such. */
double contest_median(const struct contest *contest, enum peer peer, int repeats);

/* Does the work in new threads, each an equal run of consecutive items, and waits for them. */
void split_run(const struct work *work, int threads);

/* A pool of threads with one queue of one-item tasks under a mutex. */
struct crew *crew_create(int threads);
void crew_run(struct crew *crew, const struct work *work);
void crew_free(struct crew *crew);

/* Was the bench compiled with OpenMP? */
bool openmp_there(void);
void openmp_dynamic(const struct work *work, int threads);
void openmp_static(const struct work *work, int threads);

#endif
