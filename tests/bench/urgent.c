/* How long a call of one empty item waits beside a map that keeps all workers busy: by its priority,
 * and by whether the map's caller waits in the library (pool_map) or only makes the small calls
 * (pool_map_async). */
#include "kernel.h"
#include "topics.h"

#include <pthread.h>

enum { CALLS = 100 };

static const double item_seconds = 20e-6, start_seconds = 0.1, pause_seconds = 0.002;

/* Shared by the bench and the process of a trial. */
struct trial {
    int processes;
    enum row row;
    bool away; /* the map's caller */
    int priority;
    double milliseconds; /* the median of all calls */
    uint64_t reached;    /* calls that have ended */
};

struct map {
    pool_t *pool;
    size_t count;
};

static int busy(const void *item, void *result, pool_task_t *task)
{
    (void)item, (void)result, (void)task;
    for (double end = bench_now() + item_seconds; bench_now() < end;)
        continue;
    return 0;
}

static void *run_map(void *argument)
{
    const struct map *map = argument;
    pool_map(map->pool, busy, POOL_RANGE(map->count), POOL_NONE);
    bench_fail("the map has ended before the small calls");
}

static void start_map(const struct trial *trial, struct map *map)
{
    pthread_t thread;
    pool_future_t *future;
    int code = trial->away ? pool_map_async(map->pool, busy, POOL_RANGE(map->count), POOL_NONE,
                                            NULL, &future)
                           : pthread_create(&thread, NULL, run_map, map);
    bench_require(code == 0, trial->row, PROCPOOL);
    bench_sleep(start_seconds);
}

/* Milliseconds of one call. */
static double call(const struct trial *trial, pool_t *pool)
{
    uint64_t item = 1, result = 0;
    pool_map_options_t options = {.priority = trial->priority};
    double start = bench_now();
    int code = pool_map_with(pool, kernel_invert, POOL_IN(&item, 1), POOL_OUT(&result), &options);
    double seconds = bench_now() - start;
    bench_require(code == 0 && result == ~item, trial->row, PROCPOOL);
    return seconds * 1e3;
}

/* The map is so large that it lasts longer than the trial may. It ends with the process. */
static void run_trial(void *argument)
{
    struct trial *trial = argument;
    double milliseconds[CALLS];
    struct map map = {.pool = bench_pool(trial->processes)};
    map.count = (size_t)(TRIAL_SECONDS / item_seconds) * (size_t)trial->processes;
    start_map(trial, &map);
    for (size_t i = 0; i < CALLS; i++) {
        bench_sleep(pause_seconds);
        milliseconds[i] = call(trial, map.pool);
        trial->reached = i + 1;
    }
    trial->milliseconds = bench_median(milliseconds, CALLS);
}

static void run_row(struct bench *bench, struct trial *trial, enum row row)
{
    trial->row = row;
    trial->away = row == URGENT_AWAY || row == EQUAL_AWAY;
    trial->priority = row == URGENT_BLOCKING || row == URGENT_AWAY ? 10 : 0;
    trial->reached = 0;
    if (bench_given_up(bench, row))
        return;
    if (bench_trial(run_trial, trial))
        bench_record(bench, row, PROCPOOL, trial->milliseconds);
    else
        bench_give_up(bench, row, trial->reached);
}

void measure_urgent(struct bench *bench)
{
    struct trial *trial = bench_shared(sizeof *trial);
    trial->processes = bench->processes;
    while (bench_next_round(bench))
        for (enum row row = URGENT_BLOCKING; row <= EQUAL_AWAY; row++)
            run_row(bench, trial, row);
}
