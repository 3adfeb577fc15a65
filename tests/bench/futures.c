/* Runs in the process of a trial: many futures, outstanding together. While they are submitted a gate
 * holds the workers, so that all of them are outstanding; or they flow: the workers are at work
 * meanwhile. */
#include "futures.h"

#include <stdlib.h>
#include <string.h>

#include "kernel.h"

struct futures {
    struct trial *trial;
    pool_t *pool;
    pool_future_t *gate;
    pool_future_t **list;
    uint64_t *items, *results;
};

static struct trial *trial_of_workers; /* set before the pool is made */

static int hold(const void *item, void *result, pool_task_t *task)
{
    (void)item, (void)result, (void)task;
    atomic_fetch_add(&trial_of_workers->held, 1);
    while (!atomic_load(&trial_of_workers->open))
        bench_sleep(0.0002);
    return 0;
}

static void close_gate(struct futures *futures)
{
    struct trial *trial = futures->trial;
    pool_map_options_t options = {.chunksize = 1};
    atomic_store(&trial->open, false);
    atomic_store(&trial->held, 0);
    int code = pool_map_async(futures->pool, hold, POOL_RANGE((size_t)trial->processes), POOL_NONE,
                              &options, &futures->gate);
    bench_require(code == 0, trial->row, PROCPOOL);
    while (atomic_load(&trial->held) < trial->processes) {
        pool_step(futures->pool);
        bench_sleep(0.0001);
    }
}

static void submit(struct futures *futures)
{
    for (size_t i = 0; i < futures->trial->count; i++) {
        int code = pool_apply_async(futures->pool, kernel_invert, POOL_IN(futures->items + i, 1),
                                    POOL_OUT(futures->results + i), NULL, futures->list + i);
        bench_require(code == 0, futures->trial->row, PROCPOOL);
        futures->trial->reached = i + 1;
    }
}

static void wait_all(struct futures *futures)
{
    size_t count = futures->trial->count;
    int ready = pool_wait(futures->list, count, POOL_WAIT_ALL, -1);
    bench_require(ready == (int)count, futures->trial->row, PROCPOOL);
}

static void get_each(struct futures *futures)
{
    for (size_t i = 0; i < futures->trial->count; i++) {
        int failed = pool_future_get(futures->list[i], -1);
        bench_require(failed == 0, futures->trial->row, PROCPOOL);
        futures->trial->reached = i + 1;
    }
}

static void take_as_completed(struct futures *futures)
{
    size_t count = futures->trial->count;
    pool_future_t *ready;
    for (size_t i = 0; i < count; i++) {
        int index = pool_as_completed(futures->list, count, -1, &ready);
        bench_require(index >= 0, futures->trial->row, PROCPOOL);
        pool_future_free(ready);
        futures->trial->reached = i + 1;
    }
}

static void cancel_each(struct futures *futures)
{
    for (size_t i = 0; i < futures->trial->count; i++) {
        int code = pool_future_cancel(futures->list[i], -1);
        bench_require(code == 0, futures->trial->row, PROCPOOL);
        futures->trial->reached = i + 1;
    }
}

static void check(const struct futures *futures)
{
    const struct trial *trial = futures->trial;
    for (size_t i = 0; i < trial->count && trial->ending != CANCEL_EACH; i++)
        bench_require(futures->results[i] == ~futures->items[i], trial->row, PROCPOOL);
}

static void free_all(struct futures *futures)
{
    if (futures->trial->ending == CANCEL_EACH)
        wait_all(futures);
    for (size_t i = 0; i < futures->trial->count; i++)
        pool_future_free(futures->list[i]);
    pool_future_wait(futures->gate, -1);
    pool_future_free(futures->gate);
}

static double resident(void)
{
    return bench_kibibytes("/proc/self/status", "VmRSS", "VmRSS") * 1024;
}

/* All futures once. Cancelling is measured while the gate is closed. */
static void once(struct futures *futures)
{
    static void (*const end[ENDINGS])(struct futures *) = {wait_all, get_each, take_as_completed,
                                                           cancel_each};
    struct trial *trial = futures->trial;
    if (!trial->flowing)
        close_gate(futures);
    double memory = resident(), start = bench_now();
    submit(futures);
    trial->submit += (bench_now() - start) * 1e6 / trial->total;
    trial->bytes = (resident() - memory) / (double)trial->count;
    trial->reached = 0;
    atomic_store(&trial->open, trial->ending != CANCEL_EACH);
    double opened = bench_now();
    end[trial->ending](futures);
    trial->end += (bench_now() - opened) * 1e6 / trial->total;
    atomic_store(&trial->open, true);
}

void futures_trial(void *argument)
{
    struct trial *trial = trial_of_workers = argument;
    struct futures futures = {.trial = trial};
    size_t count = trial->count, repeats = futures_repeats(count);
    trial->total = (double)(count * repeats);
    futures.list = bench_alloc(count, sizeof *futures.list);
    futures.items = bench_alloc(count, sizeof *futures.items);
    futures.results = bench_alloc(count, sizeof *futures.results);
    for (size_t i = 0; i < count; i++)
        futures.items[i] = futures.results[i] = i;
    memset(futures.list, 0xff, count * sizeof(void *));
    futures.pool = bench_pool(trial->processes);
    for (size_t i = 0; i < repeats; i++) {
        for (size_t k = 0; k < count; k++)
            futures.results[k] = 0;
        once(&futures);
        check(&futures);
        if (i + 1 < repeats) /* the last ones end with the process */
            free_all(&futures);
    }
}
