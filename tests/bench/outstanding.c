/* Futures outstanding: what each costs to submit, to wait for and to cancel, its memory in the host,
 * and how these grow with their number. Here are the rows; futures.c has the measuring. */
#include "futures.h"
#include "glib.h"
#include "python.h"
#include "topics.h"

#include <math.h>

enum { PYTHON_MOST = 10000 };

enum { THOUSAND = 1, HUNDRED_THOUSAND = 3, MILLION = 4 }; /* indices into `sizes` */

static const size_t sizes[SIZES] = {100, 1000, 10000, 100000, 1000000};

/* What a round has measured: microseconds by operation and size; 0: not measured. */
struct costs {
    double of[OPERATIONS][SIZES];
};

static void record_submit(struct bench *bench, struct costs *costs, const struct trial *trial,
                          int size)
{
    costs->of[0][size] = trial->submit;
    bench_record(bench, SUBMIT + (enum row)size, PROCPOOL, trial->submit);
    if (size == HUNDRED_THOUSAND)
        bench_record(bench, FUTURE_MEMORY_100K, PROCPOOL, trial->bytes);
    if (size == MILLION)
        bench_record(bench, FUTURE_MEMORY_1M, PROCPOOL, trial->bytes);
}

/* One ending at one size. Without a value it is given up, and so are the larger sizes. */
static void run_ending(struct bench *bench, struct costs *costs, struct trial *trial, int size)
{
    enum row first = WAIT + SIZES * trial->ending;
    trial->row = first + (enum row)size;
    trial->count = sizes[size];
    trial->submit = trial->end = 0;
    trial->reached = 0;
    if (bench_given_up(bench, trial->row))
        return;
    bool ended = bench_trial(futures_trial, trial);
    if (trial->ending == WAIT_ALL && trial->submit > 0)
        record_submit(bench, costs, trial, size);
    costs->of[1 + trial->ending][size] = ended ? trial->end : 0;
    if (ended)
        bench_record(bench, trial->row, PROCPOOL, trial->end);
    for (int i = size; !ended && i < SIZES; i++) {
        bench_give_up(bench, first + (enum row)i, trial->reached);
        if (trial->ending == WAIT_ALL && trial->submit == 0)
            bench_give_up(bench, SUBMIT + (enum row)i, trial->reached);
    }
}

/* The slope of log(cost) over log(n), by least squares; NAN if less than two sizes were measured. */
static double exponent(const double costs[SIZES])
{
    double n = 0, x = 0, y = 0, xx = 0, xy = 0;
    for (int i = 0; i < SIZES; i++) {
        if (costs[i] <= 0)
            continue;
        double at = log((double)sizes[i]), value = log(costs[i]);
        n += 1;
        x += at;
        y += value;
        xx += at * at;
        xy += at * value;
    }
    return n < 2 ? NAN : (n * xy - x * y) / (n * xx - x * x);
}

/* NAN if one of them was not measured. */
static double both(double submit, double wait)
{
    return submit > 0 && wait > 0 ? submit + wait : NAN;
}

/* What follows from the rows of a round. */
static void record_summary(struct bench *bench, const struct costs *costs)
{
    const double *submit = costs->of[0], *wait = costs->of[1];
    double few = both(submit[THOUSAND], wait[THOUSAND]);
    double many = both(submit[HUNDRED_THOUSAND], wait[HUNDRED_THOUSAND]);
    for (int i = 0; i < OPERATIONS; i++)
        bench_record(bench, GROWTH + (enum row)i, PROCPOOL, exponent(costs->of[i]));
    bench_record(bench, HELD, PROCPOOL, many);
    bench_record(bench, HELD_RATIO, PROCPOOL, many / few);
}

/* Gives up the rows that follow from rows which were given up. */
static void give_up_summary(struct bench *bench)
{
    static const struct {
        enum row row, from;
    } followers[] = {
        {HELD, WAIT + HUNDRED_THOUSAND},
        {HELD_RATIO, WAIT + HUNDRED_THOUSAND},
        {FUTURE_MEMORY_100K, SUBMIT + HUNDRED_THOUSAND},
        {FUTURE_MEMORY_1M, SUBMIT + MILLION},
    };
    for (size_t i = 0; i < sizeof followers / sizeof *followers; i++)
        if (bench_given_up(bench, followers[i].from))
            bench_give_up(bench, followers[i].row, bench->samples->reached[followers[i].from]);
}

static void run_flowing(struct bench *bench, struct trial *trial)
{
    *trial = (struct trial){.processes = bench->processes, .row = FLOWING, .flowing = true};
    trial->count = sizes[HUNDRED_THOUSAND];
    if (bench_given_up(bench, FLOWING))
        return;
    if (bench_trial(futures_trial, trial))
        bench_record(bench, FLOWING, PROCPOOL, trial->submit + trial->end);
    else
        bench_give_up(bench, FLOWING, trial->reached);
}

static void run_glib(struct bench *bench)
{
    struct glib_costs costs;
    for (int i = 0; i < SIZES; i++) {
        costs = glib_outstanding(bench->processes, sizes[i], futures_repeats(sizes[i]), true);
        bench_record(bench, SUBMIT + (enum row)i, GLIB, costs.submit);
        bench_record(bench, WAIT + (enum row)i, GLIB, costs.end);
        if (i == HUNDRED_THOUSAND)
            bench_record(bench, HELD, GLIB, costs.submit + costs.end);
    }
    costs = glib_outstanding(bench->processes, sizes[HUNDRED_THOUSAND], 1, false);
    bench_record(bench, FLOWING, GLIB, costs.submit + costs.end);
}

static void run_python(struct bench *bench)
{
    for (int i = 0; i < SIZES && sizes[i] <= PYTHON_MOST; i++) {
        double submit = python_ask(bench, "outstanding %zu held submit", sizes[i]);
        double end = python_ask(bench, "outstanding %zu held end", sizes[i]);
        bench_record(bench, SUBMIT + (enum row)i, PYTHON, submit);
        bench_record(bench, GET + (enum row)i, PYTHON, end);
        if (sizes[i] == PYTHON_MOST)
            bench_record(bench, HELD, PYTHON, submit + end);
    }
    bench_record(bench, FLOWING, PYTHON,
                 python_ask(bench, "outstanding %d flowing both", PYTHON_MOST));
}

void measure_outstanding(struct bench *bench)
{
    struct trial *trial = bench_shared(sizeof *trial);
    python_start(bench);
    while (bench_next_round(bench)) {
        struct costs costs = {0};
        *trial = (struct trial){.processes = bench->processes};
        for (trial->ending = WAIT_ALL; trial->ending < ENDINGS; trial->ending++)
            for (int i = 0; i < SIZES; i++)
                run_ending(bench, &costs, trial, i);
        record_summary(bench, &costs);
        give_up_summary(bench);
        run_flowing(bench, trial);
        run_glib(bench);
        run_python(bench);
    }
    python_stop(bench);
}
