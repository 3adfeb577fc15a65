/* Three ways to do the work of an example: one item after the other, in threads, in a pool. */
#ifndef EXAMPLES_WAY_H
#define EXAMPLES_WAY_H

#include <stdbool.h>
#include <stddef.h>

enum way { WAY_SEQUENTIAL, WAY_THREADS, WAY_POOL, WAY_COUNT };

/* "sequential", "threads", "pool". */
const char *way_name(enum way way);

/* Reads a name. Returns false, and writes nothing, if `text` is none. */
bool way_read(const char *text, enum way *way);

/* Runs `function` once for each number below `count`, in `threads` threads; each takes the next
 * number that no thread has taken. `thread` is the number of the thread that runs the function,
 * below `threads`. With a single thread it runs in the calling one, in order. Returns 0, or a
 * negated errno value if not even one thread could be started; with fewer threads it only takes
 * longer. */
int way_run_threads(int threads, size_t count,
                    void (*function)(void *context, int thread, size_t number), void *context);

#endif
