/* The contestant that is a Python program: a process that answers a line with a line. */
#ifndef BENCH_PYTHON_H
#define BENCH_PYTHON_H

#include "harness.h"

/* Is there a Python that can run the peer? */
bool python_there(int processes);

/* Starts the peer with a pool of `processes`, if the bench is to have it, else does nothing. */
void python_start(struct bench *bench);

/* Ends it. */
void python_stop(struct bench *bench);

/* Asks it to measure something: returns the number it answers, NAN without Python. */
double python_ask(struct bench *bench, const char *format, ...)
    __attribute__((__format__(__printf__, 2, 3)));

/* Asks it to run kernel_spin over `count` items: returns the seconds, NAN without Python. `*check`
 * receives all results combined by xor. */
double python_spin(struct bench *bench, const uint64_t *steps, size_t count, uint64_t *check);

#endif
