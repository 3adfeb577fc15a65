/* Large items: 1 MiB in and 1 MiB out, copied and in shared arrays. */
#include "contest.h"
#include "kernel.h"
#include "python.h"
#include "topics.h"

#include <stdlib.h>
#include <string.h>

enum { COUNT = 128, REPEATS = 3 };

static bool all_flipped(const struct work *work)
{
    const uint64_t *from = work->items, *to = work->results;
    uint64_t flip = FLIP * (UINT64_MAX / 255);
    for (size_t i = 0; i < work->count * BLOB / sizeof *from; i++)
        if (to[i] != (from[i] ^ flip))
            return false;
    return true;
}

static bool all_copied(const struct work *work)
{
    return memcmp(work->items, work->results, work->count * BLOB) == 0;
}

static struct work flips(void *items, void *results)
{
    if (!items || !results)
        bench_fail("%s: no room for shared arrays", rows[BLOBS_SHARED].what);
    uint64_t *words = items;
    for (size_t i = 0; i < (size_t)COUNT * BLOB / sizeof *words; i++)
        words[i] = i * 2654435761u;
    return (struct work){kernel_flip, items, BLOB, results, BLOB, COUNT};
}

/* Millions of bytes a second, in and out together. */
static double rate(const struct contest *contest, enum peer peer)
{
    return 2.0 * COUNT * BLOB / 1e6 / contest_median(contest, peer, REPEATS);
}

static double copy_rate(struct contest contest)
{
    contest.work.function = kernel_copy;
    contest.right = all_copied;
    return rate(&contest, SEQUENTIAL);
}

static void record_both(struct bench *bench, enum peer peer, double value)
{
    bench_record(bench, BLOBS_COPIED, peer, value);
    bench_record(bench, BLOBS_SHARED, peer, value);
}

static void run_round(struct bench *bench, const struct contest *copied,
                      const struct contest *shared)
{
    bench_record(bench, BLOBS_COPIED, PROCPOOL, rate(copied, PROCPOOL));
    bench_record(bench, BLOBS_SHARED, PROCPOOL, rate(shared, PROCPOOL));
    record_both(bench, SEQUENTIAL, rate(copied, SEQUENTIAL));
    record_both(bench, MEMCPY, copy_rate(*copied));
    record_both(bench, THREADS, rate(copied, THREADS));
    record_both(bench, OPENMP, rate(copied, OPENMP));
    bench_record(bench, BLOBS_COPIED, PYTHON, python_ask(bench, "blobs %d", COUNT));
}

void measure_blobs(struct bench *bench)
{
    struct contest copied = {
        .row = BLOBS_COPIED,
        .processes = bench->processes,
        .right = all_flipped,
        .pool = bench_pool(bench->processes),
    };
    struct contest shared = copied;
    pool_t *pool = copied.pool;
    void *items = bench_alloc(COUNT, BLOB), *results = bench_alloc(COUNT, BLOB);
    copied.work = flips(items, results);
    shared.row = BLOBS_SHARED;
    shared.work = flips(pool_shared_alloc(pool, COUNT, BLOB), pool_shared_alloc(pool, COUNT, BLOB));
    copied.crew = crew_create(bench->processes);
    python_start(bench);
    while (bench_next_round(bench))
        run_round(bench, &copied, &shared);
    python_stop(bench);
    crew_free(copied.crew);
    free(results);
    free(items);
    pool_free(pool);
}
