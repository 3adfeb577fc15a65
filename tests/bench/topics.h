/* The topics: what the bench can measure. Each runs in a process of its own. */
#ifndef BENCH_TOPICS_H
#define BENCH_TOPICS_H

#include "harness.h"

void measure_trips(struct bench *bench);
void measure_dispatch(struct bench *bench);
void measure_elements(struct bench *bench);
void measure_compute(struct bench *bench);
void measure_tails(struct bench *bench);
void measure_blobs(struct bench *bench);
void measure_codec(struct bench *bench);
void measure_life(struct bench *bench);
void measure_death(struct bench *bench);
void measure_idle_memory(struct bench *bench);
void measure_host_memory(struct bench *bench);
void measure_outstanding(struct bench *bench);
void measure_urgent(struct bench *bench);
void measure_iterators(struct bench *bench);
void measure_herd(struct bench *bench);

#endif
