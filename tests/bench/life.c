/* Lives: of a pool, and of a worker that is killed. */
#include "kernel.h"
#include "python.h"
#include "topics.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SMALL = 2, LARGE = 32, KILLS = 10, KILL_ITEMS = 16, VICTIM = 7 };

/* ---- A pool, or bare processes, made and ended ---- */

static void use_pool(enum row row, int processes)
{
    uint64_t items[LARGE] = {0}, results[LARGE] = {0};
    pool_t *pool = bench_pool(processes);
    int code = pool_map(pool, kernel_invert, POOL_IN(items, (size_t)processes), POOL_OUT(results));
    pool_free(pool);
    for (int i = 0; i < processes; i++)
        bench_require(code == 0 && results[i] == UINT64_MAX, row, PROCPOOL);
}

static void use_processes(enum row row, int processes)
{
    pid_t pids[LARGE];
    for (int i = 0; i < processes; i++) {
        pids[i] = fork();
        if (pids[i] == 0)
            _exit(0);
    }
    for (int i = 0; i < processes; i++)
        bench_require(waitpid(pids[i], NULL, 0) == pids[i], row, FORK);
}

/* The median of several lives in milliseconds. */
static double life(void (*use)(enum row, int), enum row row, int processes)
{
    double milliseconds[ROUNDS_MAX];
    size_t repeats = processes == SMALL ? 40 : 10;
    bench_settle();
    for (size_t i = 0; i < repeats; i++) {
        double start = bench_now();
        use(row, processes);
        milliseconds[i] = (bench_now() - start) * 1e3;
    }
    return bench_median(milliseconds, repeats);
}

static void lives(struct bench *bench, enum row row, int processes)
{
    bench_record(bench, row, PROCPOOL, life(use_pool, row, processes));
    bench_record(bench, row, FORK, life(use_processes, row, processes));
    bench_record(bench, row, PYTHON, python_ask(bench, "life %d", processes));
}

void measure_life(struct bench *bench)
{
    python_start(bench);
    while (bench_next_round(bench)) {
        lives(bench, LIFE_2, SMALL);
        lives(bench, LIFE_32, LARGE);
    }
    python_stop(bench);
}

/* ---- A worker killed by its item ---- */

static double *time_of_death; /* shared with the workers: mapped before the pool is made */

static int invert_or_die(const void *item, void *result, pool_task_t *task)
{
    if (*(const uint64_t *)item == VICTIM) {
        *time_of_death = bench_now();
        raise(SIGKILL);
    }
    return kernel_invert(item, result, task);
}

static bool one_victim(const pool_t *pool, const uint64_t *results)
{
    const pool_error_t *errors;
    if (pool_errors(pool, &errors) != 1 || errors->index != VICTIM ||
        errors->kind != POOL_CRASHED || errors->code != SIGKILL)
        return false;
    for (uint64_t i = 0; i < KILL_ITEMS; i++)
        if (i != VICTIM && results[i] != ~i)
            return false;
    return true;
}

/* Milliseconds from a worker's death to the end of the call. */
static double kill_one(pool_t *pool)
{
    uint64_t items[KILL_ITEMS], results[KILL_ITEMS] = {0};
    for (uint64_t i = 0; i < KILL_ITEMS; i++)
        items[i] = i;
    bench_settle();
    int code = pool_map(pool, invert_or_die, POOL_IN(items, KILL_ITEMS), POOL_OUT(results));
    double seconds = bench_now() - *time_of_death;
    bench_require(code == 1 && one_victim(pool, results), DEATH, PROCPOOL);
    return seconds * 1e3;
}

void measure_death(struct bench *bench)
{
    time_of_death = bench_shared(sizeof *time_of_death);
    pool_t *pool = bench_pool(bench->processes);
    while (bench_next_round(bench)) {
        double milliseconds[KILLS];
        for (int i = 0; i < KILLS; i++)
            milliseconds[i] = kill_one(pool);
        bench_record(bench, DEATH, PROCPOOL, bench_median(milliseconds, KILLS));
    }
    pool_free(pool);
}
