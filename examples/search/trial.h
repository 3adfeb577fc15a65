/* One trial: its parameters, drawn at random, and its training on all samples but one fold. */
#ifndef SEARCH_TRIAL_H
#define SEARCH_TRIAL_H

#include "study.h"

/* What is searched for. */
struct parameters {
    double learning_rate, momentum, weight_decay;
    int hidden; /* units of the network */
    int batch;  /* samples that are learnt from at a time */
};

/* Draws the parameters of trial number `trial`. They depend on the study's seed and on this number
 * alone. */
struct parameters trial_draw(const struct study *study, unsigned trial);

/* Trains for `epochs` epochs on the samples outside fold number `fold`. Writes which part of the fold's
 * samples the network then puts into the right class. The training starts from new weights, so the
 * result depends on the arguments alone. Returns 0 or -ENOMEM. */
int trial_score(const struct study *study, const struct data *data, unsigned trial, unsigned epochs,
                unsigned fold, double *accuracy);

/* Estimates how long an epoch takes, compared with other trials. */
double trial_cost(const struct study *study, const struct data *data, unsigned trial);

#endif
