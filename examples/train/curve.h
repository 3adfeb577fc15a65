/* What a training leaves in files. */
#ifndef TRAIN_CURVE_H
#define TRAIN_CURVE_H

#include "training.h"

/* Writes curve.csv, curve.svg and weights.npy to the folder. Returns 0 or a negated errno value. */
int curve_write(const struct task *task, const struct options *options,
                const struct outcome *outcome);

#endif
