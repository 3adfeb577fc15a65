/* Futures outstanding: what each costs to submit, to wait for and to cancel, and its memory in the
 * host. While futures are submitted a gate holds the workers, so that all futures are outstanding;
 * but in one row they flow: the workers are at work meanwhile. Each trial is a process of its own, which has a limit of time. */
#include "glib.h"
#include "kernel.h"
#include "python.h"
#include "topics.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { FEW = 10000, PYTHON_MOST = 10000 };

static const size_t sizes[SIZES] = {100, 1000, 10000, 100000, 1000000};

/* Few futures take little time, so they are submitted several times. */
static size_t repeats_of(size_t count)
{
    return count < FEW ? FEW / count : 1;
}

/* In the order of the rows from WAIT on. */
enum ending { WAIT_ALL, GET_EACH, AS_COMPLETED, CANCEL_EACH, ENDINGS };

/* Shared by the bench and the process of a trial. */
struct trial {
    int processes;
    enum row row; /* for complaints */
    enum ending ending;
    size_t count;
    bool flowing;       /* no gate */
    double total;       /* futures of all repeats */
    double submit, end; /* microseconds for each future; 0: not measured */
    double bytes;       /* of the host's memory, for each future */
    uint64_t reached;   /* futures submitted or ended */
    _Atomic int held;   /* workers */
    _Atomic bool open;  /* the gate */
};

/* ---- A trial, in its process ---- */

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

static void check_and_free(struct futures *futures)
{
    const struct trial *trial = futures->trial;
    if (trial->ending == CANCEL_EACH)
        wait_all(futures);
    for (size_t i = 0; i < trial->count; i++) {
        bool right = trial->ending == CANCEL_EACH || futures->results[i] == ~futures->items[i];
        bench_require(right, trial->row, PROCPOOL);
        pool_future_free(futures->list[i]);
    }
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

static void run_trial(void *argument)
{
    struct trial *trial = trial_of_workers = argument;
    struct futures futures = {.trial = trial};
    size_t count = trial->count, repeats = repeats_of(count);
    trial->total = (double)(count * repeats);
    futures.list = bench_alloc(count, sizeof *futures.list);
    futures.items = bench_alloc(count, sizeof *futures.items);
    futures.results = bench_alloc(count, sizeof *futures.results);
    for (size_t i = 0; i < count; i++)
        futures.items[i] = futures.results[i] = i;
    memset(futures.list, 0xff, count * sizeof(void *));
    futures.pool = bench_pool(trial->processes);
    for (size_t i = 0; i < repeats; i++) {
        once(&futures);
        if (i + 1 < repeats)
            check_and_free(&futures);
    }
}

/* ---- The rows ---- */

static const int thousand = 1, hundred_thousand = 3; /* indices into `sizes` */

/* What a round has measured: microseconds by operation and size; 0: not measured. */
struct costs {
    double of[OPERATIONS][SIZES];
};

static void record_submit(struct bench *bench, struct costs *costs, const struct trial *trial,
                          int size)
{
    costs->of[0][size] = trial->submit;
    bench_record(bench, SUBMIT + (enum row)size, PROCPOOL, trial->submit);
    if (trial->count == 100000)
        bench_record(bench, FUTURE_MEMORY_100K, PROCPOOL, trial->bytes);
    if (trial->count == 1000000)
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
    bool ended = bench_trial(run_trial, trial);
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
    double few = both(submit[thousand], wait[thousand]);
    double many = both(submit[hundred_thousand], wait[hundred_thousand]);
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
        {HELD, WAIT + 3},
        {HELD_RATIO, WAIT + 3},
        {FUTURE_MEMORY_100K, SUBMIT + 3},
        {FUTURE_MEMORY_1M, SUBMIT + 4},
    };
    for (size_t i = 0; i < sizeof followers / sizeof *followers; i++)
        if (bench_given_up(bench, followers[i].from))
            bench_give_up(bench, followers[i].row, bench->samples->reached[followers[i].from]);
}

static void run_flowing(struct bench *bench, struct trial *trial)
{
    *trial = (struct trial){.processes = bench->processes, .row = FLOWING, .flowing = true};
    trial->count = sizes[hundred_thousand];
    if (bench_given_up(bench, FLOWING))
        return;
    if (bench_trial(run_trial, trial))
        bench_record(bench, FLOWING, PROCPOOL, trial->submit + trial->end);
    else
        bench_give_up(bench, FLOWING, trial->reached);
}

static void run_glib(struct bench *bench)
{
    struct glib_costs costs;
    for (int i = 0; i < SIZES; i++) {
        costs = glib_outstanding(bench->processes, sizes[i], repeats_of(sizes[i]), true);
        bench_record(bench, SUBMIT + (enum row)i, GLIB, costs.submit);
        bench_record(bench, WAIT + (enum row)i, GLIB, costs.end);
        if (i == hundred_thousand)
            bench_record(bench, HELD, GLIB, costs.submit + costs.end);
    }
    costs = glib_outstanding(bench->processes, sizes[hundred_thousand], 1, false);
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
