/* Iterators, few and many of them open: what each costs to open, to step and to free, and its memory
 * in the host. The iterators are stepped in turn. */
#include "kernel.h"
#include "topics.h"

#include <stdlib.h>

enum { STEPS = 100, MOST = 1000 };

static const size_t numbers[ITERATORS] = {1, 100, MOST};

/* Shared by the bench and the process of a trial. */
struct trial {
    int processes;
    int size; /* index into `numbers` */
    double open, step, free;
    double kibibytes;
    uint64_t reached;
};

struct set {
    size_t count;
    uint64_t items[STEPS];
    pool_iterator_t *list[MOST];
};

static void open_all(struct set *set, pool_t *pool, struct trial *trial)
{
    pool_source_t source = {.in = POOL_IN(set->items, STEPS)};
    for (size_t i = 0; i < set->count; i++) {
        int code =
            pool_imap(pool, kernel_invert, &source, POOL_RESULT(uint64_t), NULL, &set->list[i]);
        bench_require(code == 0, OPEN, PROCPOOL);
        trial->reached++;
    }
}

static void step_all(struct set *set, struct trial *trial)
{
    uint64_t result;
    for (size_t step = 0; step < STEPS; step++)
        for (size_t i = 0; i < set->count; i++) {
            int code = pool_next(set->list[i], &result, -1);
            bench_require(code == 1 && result == ~set->items[step], STEP, PROCPOOL);
            trial->reached++;
        }
}

static void free_all(struct set *set, struct trial *trial)
{
    for (size_t i = 0; i < set->count; i++) {
        pool_iterator_free(set->list[i]);
        trial->reached++;
    }
}

/* Adds microseconds for each iterator and each step. */
static void once(struct set *set, pool_t *pool, struct trial *trial, double share)
{
    double memory = bench_kibibytes("/proc/self/status", "VmRSS", "VmRSS"), start = bench_now();
    open_all(set, pool, trial);
    double opened = bench_now();
    step_all(set, trial);
    double stepped = bench_now();
    memory = bench_kibibytes("/proc/self/status", "VmRSS", "VmRSS") - memory;
    trial->kibibytes = memory / (double)set->count;
    double measured = bench_now();
    free_all(set, trial);
    trial->free += (bench_now() - measured) * 1e6 * share;
    trial->step += (stepped - opened) * 1e6 * share / STEPS;
    trial->open += (opened - start) * 1e6 * share;
}

static void run_trial(void *argument)
{
    struct trial *trial = argument;
    struct set *set = bench_alloc(1, sizeof *set);
    size_t repeats = MOST / numbers[trial->size];
    set->count = numbers[trial->size];
    for (size_t i = 0; i < STEPS; i++)
        set->items[i] = i;
    pool_t *pool = bench_pool(trial->processes);
    for (size_t i = 0; i < repeats; i++)
        once(set, pool, trial, 1.0 / MOST);
    pool_free(pool);
    free(set);
}

static void record(struct bench *bench, const struct trial *trial)
{
    enum row size = (enum row)trial->size;
    bench_record(bench, OPEN + size, PROCPOOL, trial->open);
    bench_record(bench, STEP + size, PROCPOOL, trial->step);
    bench_record(bench, FREE + size, PROCPOOL, trial->free);
    if (numbers[size] == MOST)
        bench_record(bench, ITERATOR_MEMORY, PROCPOOL, trial->kibibytes);
}

static void give_up(struct bench *bench, const struct trial *trial)
{
    enum row size = (enum row)trial->size;
    bench_give_up(bench, OPEN + size, trial->reached);
    bench_give_up(bench, STEP + size, trial->reached);
    bench_give_up(bench, FREE + size, trial->reached);
    if (numbers[size] == MOST)
        bench_give_up(bench, ITERATOR_MEMORY, trial->reached);
}

void measure_iterators(struct bench *bench)
{
    struct trial *trial = bench_shared(sizeof *trial);
    while (bench_next_round(bench))
        for (int size = 0; size < ITERATORS; size++) {
            *trial = (struct trial){.processes = bench->processes, .size = size};
            if (bench_given_up(bench, OPEN + (enum row)size))
                continue;
            if (bench_trial(run_trial, trial))
                record(bench, trial);
            else
                give_up(bench, trial);
        }
}
