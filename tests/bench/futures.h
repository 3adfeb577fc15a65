/* A trial with many futures: submits them, and waits for them or cancels them. */
#ifndef BENCH_FUTURES_H
#define BENCH_FUTURES_H

#include <stdatomic.h>

#include "harness.h"

/* How futures end, in the order of the rows from WAIT on. */
enum ending { WAIT_ALL, GET_EACH, AS_COMPLETED, CANCEL_EACH, ENDINGS };

/* Shared by the bench and the process of a trial, which writes the second half. */
struct trial {
    int processes;
    enum row row; /* for complaints */
    enum ending ending;
    size_t count;
    bool flowing; /* no gate holds the workers */

    double total;       /* futures of all repeats */
    double submit, end; /* microseconds for each future; 0: not measured */
    double bytes;       /* of the host's memory, for each future */
    uint64_t reached;   /* futures submitted or ended */
    _Atomic int held;   /* workers */
    _Atomic bool open;  /* the gate */
};

/* Few futures take little time, so they are submitted several times. */
static inline size_t futures_repeats(size_t count)
{
    return count < 10000 ? 10000 / count : 1;
}

/* To be run by bench_trial() with a `struct trial`. */
void futures_trial(void *trial);

#endif
