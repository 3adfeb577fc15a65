/* One contestant's turn: clear, run, clock, check. */
#include "contest.h"

#include <math.h>
#include <string.h>

static void run_pool(const struct contest *contest)
{
    const struct work *work = &contest->work;
    pool_map_options_t options = {.chunksize = contest->chunksize};
    int code =
        pool_map_with(contest->pool, work->function,
                      pool_in(work->items, work->count, work->item_size, &pool_type_plain),
                      pool_out(work->results, work->result_size, &pool_type_plain), &options);
    if (code > 0)
        pool_print_errors(contest->pool, stderr);
    if (code != 0)
        bench_fail("%s: pool_map: %d items failed, or %s", rows[contest->row].what, code,
                   pool_strerror(code));
}

static void run_sequential(const struct work *work)
{
    for (size_t i = 0; i < work->count; i++)
        work_item(work, i);
}

static void run_threads(const struct contest *contest)
{
    if (contest->crew)
        crew_run(contest->crew, &contest->work);
    else
        split_run(&contest->work, contest->processes);
}

static void run(const struct contest *contest, enum peer peer)
{
    if (peer == PROCPOOL)
        run_pool(contest);
    else if (peer == SEQUENTIAL)
        run_sequential(&contest->work);
    else if (peer == THREADS)
        run_threads(contest);
    else if (peer == OPENMP)
        openmp_dynamic(&contest->work, contest->processes);
    else
        openmp_static(&contest->work, contest->processes);
}

double contest_seconds(const struct contest *contest, enum peer peer)
{
    const struct work *work = &contest->work;
    if ((peer == OPENMP || peer == OPENMP_STATIC) && !openmp_there())
        return NAN;
    memset(work->results, 0xff, work->count * work->result_size);
    bench_settle();
    double start = bench_now();
    run(contest, peer);
    double seconds = bench_now() - start;
    bench_require(contest->right(work), contest->row, peer);
    return seconds;
}

double contest_median(const struct contest *contest, enum peer peer, int repeats)
{
    double seconds[ROUNDS_MAX];
    for (int i = 0; i < repeats; i++)
        seconds[i] = contest_seconds(contest, peer);
    return isnan(seconds[0]) ? NAN : bench_median(seconds, (size_t)repeats);
}
