/* Chunks of one empty task each: what handing out a task costs. */
#include "contest.h"
#include "kernel.h"
#include "python.h"
#include "topics.h"

#include <stdlib.h>

enum { COUNT = 500000, PYTHON_COUNT = 20000 };

static bool all_inverted(const struct work *work)
{
    const uint64_t *items = work->items, *results = work->results;
    for (size_t i = 0; i < work->count; i++)
        if (results[i] != ~items[i])
            return false;
    return true;
}

static double rate(double seconds)
{
    return COUNT / seconds / 1e6;
}

void measure_dispatch(struct bench *bench)
{
    uint64_t *items = bench_alloc(COUNT, sizeof *items);
    uint64_t *results = bench_alloc(COUNT, sizeof *results);
    for (size_t i = 0; i < COUNT; i++)
        items[i] = i;
    struct contest contest = {
        .row = DISPATCH,
        .processes = bench->processes,
        .work = {kernel_invert, items, sizeof *items, results, sizeof *results, COUNT},
        .right = all_inverted,
        .chunksize = 1,
    };
    contest.pool = bench_pool(bench->processes);
    contest.crew = crew_create(bench->processes);
    python_start(bench);
    while (bench_next_round(bench)) {
        bench_record(bench, DISPATCH, PROCPOOL, rate(contest_seconds(&contest, PROCPOOL)));
        bench_record(bench, DISPATCH, THREADS, rate(contest_seconds(&contest, THREADS)));
        bench_record(bench, DISPATCH, OPENMP, rate(contest_seconds(&contest, OPENMP)));
        bench_record(bench, DISPATCH, PYTHON, python_ask(bench, "dispatch %d", PYTHON_COUNT));
    }
    python_stop(bench);
    crew_free(contest.crew);
    pool_free(contest.pool);
    free(results);
    free(items);
}
