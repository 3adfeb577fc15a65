/* The contestant that is GLib's pool of threads. */
#ifndef BENCH_GLIB_H
#define BENCH_GLIB_H

#include <stdbool.h>
#include <stddef.h>

struct glib_costs {
    double submit, end; /* microseconds for each task; NAN when the bench has no GLib */
};

/* Pushes `count` tasks, and waits for all of them. Does this `repeats` times. `held`: a gate holds all
 * threads until the last task has been pushed. */
struct glib_costs glib_outstanding(int threads, size_t count, size_t repeats, bool held);

#endif
