/* Items that cost processor time: equal ones, and ones of which a few are long. */
#include "contest.h"
#include "kernel.h"
#include "python.h"
#include "topics.h"

#include <math.h>
#include <stdlib.h>

/* Items of a row, with the results they should have. */
struct load {
    enum row row;
    size_t count;
    uint64_t *steps;
    uint64_t *results;
    uint64_t *expected;
};

/* Steps of kernel_spin in a microsecond, by the fastest of several tries. */
static double steps_per_microsecond(void)
{
    uint64_t steps = 20000000, end;
    double best = INFINITY;
    for (int i = 0; i < 5; i++) {
        double start = bench_now();
        kernel_spin(&steps, &end, NULL);
        best = fmin(best, bench_now() - start);
    }
    return (double)steps / best / 1e6;
}

static struct load load_of(enum row row, size_t count)
{
    return (struct load){
        .row = row,
        .count = count,
        .steps = bench_alloc(count, sizeof(uint64_t)),
        .results = bench_alloc(count, sizeof(uint64_t)),
        .expected = bench_alloc(count, sizeof(uint64_t)),
    };
}

static void load_free(struct load *load)
{
    free(load->steps);
    free(load->results);
    free(load->expected);
}

static void expect(struct load *load)
{
    for (size_t i = 0; i < load->count; i++)
        if (i > 0 && load->steps[i] == load->steps[i - 1])
            load->expected[i] = load->expected[i - 1];
        else
            kernel_spin(&load->steps[i], &load->expected[i], NULL);
}

/* About a second of equal items. */
static struct load equal_items(enum row row, double microseconds)
{
    struct load load = load_of(row, (size_t)(1e6 / microseconds));
    uint64_t steps = (uint64_t)(microseconds * steps_per_microsecond());
    for (size_t i = 0; i < load.count; i++)
        load.steps[i] = steps;
    expect(&load);
    return load;
}

/* A thousand equal items that take a second, then one as long as a worker's share of them. */
static struct load long_item_last(int processes)
{
    struct load load = load_of(TAIL_LAST, 1001);
    double steps = 1000 * steps_per_microsecond();
    for (size_t i = 0; i < 1000; i++)
        load.steps[i] = (uint64_t)steps;
    load.steps[1000] = (uint64_t)(1000 * steps / processes);
    expect(&load);
    return load;
}

/* A number in (0, 1], the next of a fixed sequence. */
static double uniform(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return ((double)(*seed >> 33) + 1) / 2147483648.0;
}

/* Two thousand items of at least 250 us, Pareto-distributed with alpha 1.5: about 1.5 s. */
static struct load pareto_items(void)
{
    struct load load = load_of(TAIL_PARETO, 2000);
    double least = 250 * steps_per_microsecond();
    uint64_t seed = 20;
    for (size_t i = 0; i < load.count; i++)
        load.steps[i] = (uint64_t)(least * pow(uniform(&seed), -1 / 1.5));
    expect(&load);
    return load;
}

static const struct load *checked; /* what all_ended() compares with */

static bool all_ended(const struct work *work)
{
    for (size_t i = 0; i < work->count; i++)
        if (checked->results[i] != checked->expected[i])
            return false;
    return true;
}

static double python_seconds(struct bench *bench, const struct load *load)
{
    uint64_t check = 0, right = 0;
    double seconds = python_spin(bench, load->steps, load->count, &check);
    for (size_t i = 0; i < load->count; i++)
        right ^= load->expected[i];
    bench_require(isnan(seconds) || check == right, load->row, PYTHON);
    return seconds;
}

/* The least time in which `processes` workers can do what one does in `sequential`. */
static double best_makespan(const struct load *load, int processes, double sequential)
{
    double total = 0, longest = 0;
    for (size_t i = 0; i < load->count; i++) {
        total += (double)load->steps[i];
        longest = fmax(longest, (double)load->steps[i]);
    }
    return sequential * fmax(1.0 / processes, longest / total);
}

/* The row's value: speed-up, or makespan relative to the best. */
static double score(const struct load *load, int processes, double sequential, double seconds)
{
    if (load->row == TAIL_LAST || load->row == TAIL_PARETO)
        return seconds / best_makespan(load, processes, sequential);
    return sequential / seconds;
}

static void run_round(struct bench *bench, struct contest *contest, const struct load *load)
{
    static const enum peer peers[] = {PROCPOOL, THREADS, OPENMP};
    int processes = bench->processes;
    contest->row = load->row;
    contest->work = (struct work){kernel_spin,   load->steps,      sizeof(uint64_t),
                                  load->results, sizeof(uint64_t), load->count};
    checked = load;
    double sequential = contest_seconds(contest, SEQUENTIAL);
    for (size_t i = 0; i < sizeof peers / sizeof *peers; i++)
        bench_record(bench, load->row, peers[i],
                     score(load, processes, sequential, contest_seconds(contest, peers[i])));
    bench_record(bench, load->row, PYTHON,
                 score(load, processes, sequential, python_seconds(bench, load)));
}

static void measure(struct bench *bench, struct load *loads, size_t count)
{
    struct contest contest = {.processes = bench->processes, .right = all_ended};
    contest.pool = bench_pool(bench->processes);
    contest.crew = crew_create(bench->processes);
    python_start(bench);
    while (bench_next_round(bench))
        for (size_t i = 0; i < count; i++)
            run_round(bench, &contest, &loads[i]);
    python_stop(bench);
    crew_free(contest.crew);
    pool_free(contest.pool);
    for (size_t i = 0; i < count; i++)
        load_free(&loads[i]);
}

void measure_compute(struct bench *bench)
{
    struct load loads[] = {
        equal_items(COMPUTE_10US, 10),
        equal_items(COMPUTE_1MS, 1000),
        equal_items(COMPUTE_20MS, 20000),
    };
    measure(bench, loads, sizeof loads / sizeof *loads);
}

void measure_tails(struct bench *bench)
{
    struct load loads[] = {long_item_last(bench->processes), pareto_items()};
    measure(bench, loads, sizeof loads / sizeof *loads);
}
