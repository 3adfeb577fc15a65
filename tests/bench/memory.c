/* Memory: what an idle worker has for itself, and what a large call takes in the host. */
#include "kernel.h"
#include "python.h"
#include "topics.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { COUNT = 10000000 };

/* ---- An idle worker ---- */

static double private_memory(pid_t pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
    return bench_kibibytes(path, "Private_Dirty", "Private_Clean");
}

static double idle_worker(int processes)
{
    uint64_t items[1024] = {0}, results[1024];
    pid_t pids[POOL_PROCESSES_MAX];
    double values[POOL_PROCESSES_MAX];
    pool_t *pool = bench_pool(processes);
    int code = pool_map(pool, kernel_invert, POOL_IN(items, 1024), POOL_OUT(results));
    bench_settle();
    bench_require(code == 0 && pool_pids(pool, pids, processes) == processes, IDLE_MEMORY,
                  PROCPOOL);
    for (int i = 0; i < processes; i++)
        values[i] = private_memory(pids[i]);
    pool_free(pool);
    return bench_median(values, (size_t)processes);
}

static double idle_process(void)
{
    pid_t pid = bench_fork();
    if (pid == 0)
        for (;;)
            pause();
    bench_settle();
    double value = private_memory(pid);
    bench_kill(pid);
    return value;
}

void measure_idle_memory(struct bench *bench)
{
    python_start(bench);
    while (bench_next_round(bench)) {
        bench_record(bench, IDLE_MEMORY, PROCPOOL, idle_worker(bench->processes));
        bench_record(bench, IDLE_MEMORY, FORK, idle_process());
        bench_record(bench, IDLE_MEMORY, PYTHON, python_ask(bench, "memory"));
    }
    python_stop(bench);
}

/* ---- A large call ---- */

static double peak(void)
{
    return bench_kibibytes("/proc/self/status", "VmHWM", "VmHWM");
}

/* By how many MiB the host's peak grows above its own arrays. */
static double growth(int processes)
{
    uint64_t *items = bench_alloc(COUNT, sizeof *items);
    uint64_t *results = bench_alloc(COUNT, sizeof *results);
    for (size_t i = 0; i < COUNT; i++)
        items[i] = results[i] = i;
    double before = peak();
    pool_t *pool = bench_pool(processes);
    int code = pool_map(pool, kernel_invert, POOL_IN(items, COUNT), POOL_OUT(results));
    double after = peak();
    for (size_t i = 0; i < COUNT; i++)
        bench_require(code == 0 && results[i] == ~items[i], HOST_MEMORY, PROCPOOL);
    pool_free(pool);
    free(results);
    free(items);
    return (after - before) / 1024;
}

/* The same in a new process, as a peak never falls. */
static double growth_apart(int processes, double *answer)
{
    pid_t pid = bench_fork();
    if (pid == 0) {
        *answer = growth(processes);
        _exit(0);
    }
    int status;
    if (waitpid(pid, &status, 0) != pid || status != 0)
        bench_fail("%s: the measuring process failed", rows[HOST_MEMORY].what);
    return *answer;
}

void measure_host_memory(struct bench *bench)
{
    double *answer = bench_shared(sizeof *answer);
    while (bench_next_round(bench))
        bench_record(bench, HOST_MEMORY, PROCPOOL, growth_apart(bench->processes, answer));
}
