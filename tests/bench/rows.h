/* The rows of the table, their contestants and their goals: plain data. */
#ifndef BENCH_ROWS_H
#define BENCH_ROWS_H

#include <stdbool.h>

enum peer {
    PROCPOOL,
    PIPE,       /* one byte each way between two processes */
    WORD,       /* a shared word on which two processes spin */
    SEQUENTIAL, /* a loop */
    MEMCPY,     /* a loop that only copies */
    CODEC,      /* values packed and unpacked in one process */
    GLIB,       /* GThreadPool */
    CONDITIONS, /* threads behind a mutex, with a condition variable for each caller */
    FORK,       /* bare processes */
    THREADS,    /* a queue of one-item tasks, or a static split: the topic says */
    OPENMP,     /* schedule(dynamic, 1) */
    OPENMP_STATIC,
    PYTHON, /* multiprocessing.Pool */
    PEERS
};

extern const char *const peer_names[PEERS];

/* Numbers of rows of the same kind. */
enum { SIZES = 5, OPERATIONS = 5, ITERATORS = 3 };

enum row {
    TRIP_AWAKE,
    TRIP_ASLEEP,
    DISPATCH,
    ELEMENTS_COPIED,
    ELEMENTS_SHARED,
    COMPUTE_10US,
    COMPUTE_1MS,
    COMPUTE_20MS,
    TAIL_LAST,
    TAIL_PARETO,
    BLOBS_COPIED,
    BLOBS_SHARED,
    CODEC_INT64,
    CODEC_DOUBLE,
    CODEC_TEXT,
    CODEC_BLOBS,
    LIFE_2,
    LIFE_32,
    DEATH,
    IDLE_MEMORY,
    HOST_MEMORY,
    SUBMIT, /* the first of SIZES rows: 100 futures outstanding, 1,000, ... */
    WAIT = SUBMIT + SIZES,
    GET = WAIT + SIZES,
    COMPLETED = GET + SIZES,
    CANCEL = COMPLETED + SIZES,
    HELD = CANCEL + SIZES,
    HELD_RATIO,
    FLOWING,
    GROWTH, /* the first of OPERATIONS rows, in the order above */
    FUTURE_MEMORY_100K = GROWTH + OPERATIONS,
    FUTURE_MEMORY_1M,
    URGENT_BLOCKING,
    URGENT_AWAY,
    EQUAL_BLOCKING,
    EQUAL_AWAY,
    OPEN, /* the first of ITERATORS rows: 1 iterator open, 100, 1,000 */
    STEP = OPEN + ITERATORS,
    FREE = STEP + ITERATORS,
    ITERATOR_MEMORY = FREE + ITERATORS,
    HERD,
    ROWS
};

/* A bound on procpool's value: `factor`, times the value of `against` unless that is PROCPOOL,
 * times what `scale` says for the number of workers unless that is NULL. */
struct goal {
    double factor;
    enum peer against;
    double (*scale)(int processes);
};

enum { GOALS = 3 };

struct row_text {
    const char *what;
    const char *unit;
    bool more_is_better;
    struct goal goals[GOALS]; /* the first with factor 0 ends them */
};

extern const struct row_text rows[ROWS];

#endif
