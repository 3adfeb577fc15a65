/* Stochastic gradient descent with momentum, by a crew. */
#ifndef TRAIN_TRAINING_H
#define TRAIN_TRAINING_H

#include "crew.h"
#include "options.h"

enum { BATCH = 1024 }; /* samples whose mean gradient makes one step */

/* What is learned from, and what for. */
struct task {
    struct data data; /* the test's samples come last */
    size_t trained, tested;
    struct mlp mlp;
};

/* Of one epoch: the mean loss of the samples when they were used, then the loss and the part of
 * right answers in the test. */
struct point {
    double loss, test_loss, accuracy;
};

/* What came out of a training. */
struct outcome {
    float *weights;
    struct point *points; /* one for each epoch */
    size_t items, lost;   /* micro-batches */
    double seconds;       /* with the making and the end of the crew */
};

/* Makes the task that the options ask for. Returns 0 or -ENOMEM with `*task` empty. */
int task_init(struct task *task, const struct options *options);
void task_free(struct task *task);

/* Trains in one way. Returns 0 or a negative code with `*outcome` empty. */
int train(const struct task *task, const struct options *options, enum way way,
          struct outcome *outcome);
void outcome_free(struct outcome *outcome);

#endif
