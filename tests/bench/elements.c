/* Many cheap elements: ten million doubles squared, copied and in shared arrays. */
#include "contest.h"
#include "kernel.h"
#include "python.h"
#include "topics.h"

#include <stdlib.h>

enum { COUNT = 10000000, PYTHON_COUNT = 1000000 };

static bool all_squared(const struct work *work)
{
    const double *items = work->items, *results = work->results;
    for (size_t i = 0; i < work->count; i++)
        if (results[i] != items[i] * items[i])
            return false;
    return true;
}

static struct work squares(double *items, double *results)
{
    if (!items || !results)
        bench_fail("%s: no room for shared arrays", rows[ELEMENTS_SHARED].what);
    for (size_t i = 0; i < COUNT; i++)
        items[i] = (double)i / 3;
    return (struct work){kernel_square, items, sizeof *items, results, sizeof *results, COUNT};
}

static double nanoseconds(const struct contest *contest, enum peer peer)
{
    return contest_seconds(contest, peer) * 1e9 / COUNT;
}

static void run_round(struct bench *bench, const struct contest *copied,
                      const struct contest *shared)
{
    static const enum peer peers[] = {SEQUENTIAL, THREADS, OPENMP, OPENMP_STATIC};
    bench_record(bench, ELEMENTS_COPIED, PROCPOOL, nanoseconds(copied, PROCPOOL));
    bench_record(bench, ELEMENTS_SHARED, PROCPOOL, nanoseconds(shared, PROCPOOL));
    for (size_t i = 0; i < sizeof peers / sizeof *peers; i++) {
        double value = nanoseconds(copied, peers[i]);
        bench_record(bench, ELEMENTS_COPIED, peers[i], value);
        bench_record(bench, ELEMENTS_SHARED, peers[i], value);
    }
    bench_record(bench, ELEMENTS_COPIED, PYTHON, python_ask(bench, "elements %d", PYTHON_COUNT));
}

void measure_elements(struct bench *bench)
{
    struct contest copied = {
        .row = ELEMENTS_COPIED,
        .processes = bench->processes,
        .right = all_squared,
        .pool = bench_pool(bench->processes),
    };
    struct contest shared = copied;
    pool_t *pool = copied.pool;
    double *items = bench_alloc(COUNT, sizeof *items);
    double *results = bench_alloc(COUNT, sizeof *results);
    double *shared_items = pool_shared_alloc(pool, COUNT, sizeof *shared_items);
    double *shared_results = pool_shared_alloc(pool, COUNT, sizeof *shared_results);
    copied.work = squares(items, results);
    shared.row = ELEMENTS_SHARED;
    shared.work = squares(shared_items, shared_results);
    python_start(bench);
    while (bench_next_round(bench))
        run_round(bench, &copied, &shared);
    python_stop(bench);
    free(results);
    free(items);
    pool_free(pool);
}
