/* What every topic of the bench uses: rounds, clock, samples, and the way to give up.
 *
 * A topic is measured in a process of its own, so that it starts with little memory and without
 * threads. Each of its rounds runs every contestant once, one after the other, and records a value
 * for each; the table shows medians over the rounds.
 */
#ifndef BENCH_HARNESS_H
#define BENCH_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "procpool.h"
#include "rows.h"

enum { ROUNDS_MAX = 101, TRIAL_SECONDS = 10 };

/* Values by row, contestant and round. In memory shared by the bench and the process of a topic:
 * written by the latter, read by the former once it has gone. */
struct samples {
    int count[ROWS][PEERS];
    double value[ROWS][PEERS][ROUNDS_MAX];
    bool given_up[ROWS];    /* procpool did not end in TRIAL_SECONDS */
    uint64_t reached[ROWS]; /* how far it came until then */
};

struct python;

struct bench {
    int processes;
    int rounds;
    int round; /* -1 in the round that warms up and is not recorded */
    bool with_python;
    struct samples *samples;
    struct python *python; /* of this topic's process; NULL before it is asked, and without it */
};

/* Says on stderr what went wrong and ends the process with status 1. */
_Noreturn void bench_fail(const char *format, ...) __attribute__((__format__(__printf__, 1, 2)));

/* Ends the process, naming the contestant, unless its results are right. */
void bench_require(bool right, enum row row, enum peer peer);

/* Starts the next round; false when there was the last one. */
bool bench_next_round(struct bench *bench);

/* Records the value of a contestant in this round; NAN, of one that is not there, is not kept. */
void bench_record(struct bench *bench, enum row row, enum peer peer, double value);

/* Records that procpool did not end in time in this row. The row is not measured in later rounds:
 * the caller asks for bench_given_up(). */
void bench_give_up(struct bench *bench, enum row row, uint64_t reached);
bool bench_given_up(const struct bench *bench, enum row row);

/* Sorts `values` and returns their median; NAN without values. */
double bench_median(double *values, size_t count);

/* Seconds of the monotonic clock. */
double bench_now(void);

void bench_sleep(double seconds);

/* Waits until helpers of the contestant before have stopped spinning. */
void bench_settle(void);

/* Memory that forked processes share, zeroed; never NULL. */
void *bench_shared(size_t size);

/* malloc() that cannot fail: never NULL. */
void *bench_alloc(size_t count, size_t size);

/* Forks a process that dies with its parent; 0 in it. Never fails. */
pid_t bench_fork(void);

/* Ends a process of bench_fork() by force and collects it. */
void bench_kill(pid_t pid);

/* Runs `act` in a process of its own, which has TRIAL_SECONDS. Returns whether it ended in time. A
 * process that fails ends the bench. `argument` is in memory of bench_shared(). */
bool bench_trial(void (*act)(void *argument), void *argument);

/* Adds up the KiB of the lines of a file in /proc that start with one of two keys. */
double bench_kibibytes(const char *path, const char *key, const char *other);

/* Makes a pool of `processes` workers; never fails. */
pool_t *bench_pool(int processes);

#endif
