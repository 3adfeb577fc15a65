/* Round trips of one empty task: the pool, a pipe, a shared word. */
#include "kernel.h"
#include "python.h"
#include "topics.h"

#include <sched.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

enum { TRIPS = 2000, PYTHON_TRIPS = 400 };

static const double idle_seconds = 0.002;

/* What there is to make trips with; a contestant's own part is only valid during its turn. */
struct trips {
    enum row row; /* for complaints */
    bool asleep;
    pool_t *pool;
    int to, from; /* the partner's pipes */
    struct words *words;
};

struct words {
    alignas(64) _Atomic uint32_t question;
    alignas(64) _Atomic uint32_t answer;
};

/* Waits for a word to change from `old`; spins, and yields now and then for want of a processor. */
static uint32_t await_change(_Atomic uint32_t *word, uint32_t old)
{
    uint32_t now;
    for (unsigned spins = 1; (now = atomic_load_explicit(word, memory_order_acquire)) == old;
         spins++)
        if (spins % 4096 == 0)
            sched_yield();
    return now;
}

static void trip_pool(struct trips *trips, uint32_t number)
{
    uint64_t item = number, result = 0;
    int code = pool_map(trips->pool, kernel_invert, POOL_IN(&item, 1), POOL_OUT(&result));
    bench_require(code == 0 && result == ~item, trips->row, PROCPOOL);
}

static void trip_pipe(struct trips *trips, uint32_t number)
{
    char byte = (char)number;
    bool right = write(trips->to, &byte, 1) == 1 && read(trips->from, &byte, 1) == 1;
    bench_require(right && byte == (char)number, trips->row, PIPE);
}

static void trip_word(struct trips *trips, uint32_t number)
{
    uint32_t old = atomic_load_explicit(&trips->words->answer, memory_order_relaxed);
    atomic_store_explicit(&trips->words->question, number, memory_order_release);
    bench_require(await_change(&trips->words->answer, old) == ~number, trips->row, WORD);
}

/* The median of many trips in microseconds. */
static double make_trips(struct trips *trips, void (*trip)(struct trips *, uint32_t))
{
    static double microseconds[TRIPS];
    bench_settle();
    for (uint32_t i = 0; i < TRIPS; i++) {
        if (trips->asleep)
            bench_sleep(idle_seconds);
        double start = bench_now();
        trip(trips, i + 1);
        microseconds[i] = (bench_now() - start) * 1e6;
    }
    return bench_median(microseconds, TRIPS);
}

static _Noreturn void echo(int from, int to)
{
    char byte;
    while (read(from, &byte, 1) == 1 && write(to, &byte, 1) == 1)
        continue;
    _exit(0);
}

static double with_pipe(struct trips *trips)
{
    int to[2], from[2];
    if (pipe(to) != 0 || pipe(from) != 0)
        bench_fail("pipe failed");
    pid_t partner = bench_fork();
    if (partner == 0)
        echo(to[0], from[1]);
    trips->to = to[1];
    trips->from = from[0];
    double microseconds = make_trips(trips, trip_pipe);
    bench_kill(partner);
    close(to[0]);
    close(to[1]);
    close(from[0]);
    close(from[1]);
    return microseconds;
}

static _Noreturn void answer(struct words *words)
{
    for (uint32_t number = 0;;) {
        number = await_change(&words->question, number);
        atomic_store_explicit(&words->answer, ~number, memory_order_release);
    }
}

static double with_word(struct trips *trips)
{
    atomic_store(&trips->words->question, 0);
    atomic_store(&trips->words->answer, 0);
    pid_t partner = bench_fork();
    if (partner == 0)
        answer(trips->words);
    double microseconds = make_trips(trips, trip_word);
    bench_kill(partner);
    return microseconds;
}

static void contest(struct bench *bench, struct trips *trips, enum row row, bool asleep)
{
    trips->row = row;
    trips->asleep = asleep;
    bench_record(bench, row, PROCPOOL, make_trips(trips, trip_pool));
    bench_record(bench, row, PIPE, with_pipe(trips));
    bench_record(bench, row, WORD, with_word(trips));
    bench_record(bench, row, PYTHON,
                 python_ask(bench, "trips %d %g", PYTHON_TRIPS, asleep ? idle_seconds : 0));
}

void measure_trips(struct bench *bench)
{
    struct trips trips = {0};
    trips.words = bench_shared(sizeof *trips.words);
    trips.pool = bench_pool(bench->processes);
    python_start(bench);
    while (bench_next_round(bench)) {
        contest(bench, &trips, TRIP_AWAKE, false);
        contest(bench, &trips, TRIP_ASLEEP, true);
    }
    python_stop(bench);
    pool_free(trips.pool);
}
