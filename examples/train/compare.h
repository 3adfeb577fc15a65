/* The same training in all three ways. */
#ifndef TRAIN_COMPARE_H
#define TRAIN_COMPARE_H

#include "training.h"

/* Trains in all ways, three times, and prints a table of the median times. `*outcome` is that of
 * the pool's first training. Returns 0, 1 if two trainings gave different weights, or a negative
 * code. */
int compare_ways(const struct task *task, const struct options *options, struct outcome *outcome);

#endif
