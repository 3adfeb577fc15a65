/* The rounds of a search: which trials run with how many epochs, and which of them go on. It runs
 * nothing and depends on nothing but the results that it takes: a search that is resumed takes those of
 * its journal first, and is then where it was.
 *
 * Random search is one round: all trials with all epochs. Successive halving (Jamieson and Talwalkar,
 * 2016) begins with all trials and few epochs; of each round the best trials, one in `eta`, go on with
 * `eta` times the epochs. Of equal scores that of the lower trial number is the better one. */
#ifndef SEARCH_ROUNDS_H
#define SEARCH_ROUNDS_H

#include <stdbool.h>
#include <stddef.h>

#include "study.h"

/* How a trial ended in a round: name, and what tables and the journal call it. */
#define OUTCOME_MAP(XX)                                                                            \
    XX(OUTCOME_PENDING, "pending")                                                                 \
    XX(OUTCOME_SCORED, "scored")                                                                   \
    XX(OUTCOME_OUT_OF_TIME, "out-of-time")                                                         \
    XX(OUTCOME_CRASHED, "crashed")                                                                 \
    XX(OUTCOME_FAILED, "failed")

enum outcome {
#define OUTCOME_NAME(name, text) name,
    OUTCOME_MAP(OUTCOME_NAME)
#undef OUTCOME_NAME
        OUTCOME_COUNT
};

/* "scored" and so on. */
const char *outcome_text(enum outcome outcome);

/* A trial in a round. */
struct result {
    unsigned trial, epochs;
    enum outcome outcome;
    double score;   /* mean accuracy over the folds; 0 if the trial has none */
    double seconds; /* of training, summed over the folds */
    size_t order;   /* how many results had ended before this one */
};

struct rounds {
    const struct study *study;
    struct result *results; /* round after round, each in the order of the trials */
    size_t count;           /* of the results, pending ones included */
    size_t first;           /* result of the present round */
    size_t ended;           /* results that are not pending */
    size_t lost;            /* results that ended without a score */
    int round;              /* the present one, from 0; the number of rounds at the end */
};

/* How many rounds there are, how many trials a round has at most, and with how many epochs. */
int rounds_number(const struct study *study);
unsigned rounds_trials(const struct study *study, int round);
unsigned rounds_epochs(const struct study *study, int round);

/* Begins the first round. Returns 0, or -ENOMEM with `*rounds` empty. */
int rounds_init(struct rounds *rounds, const struct study *study);
void rounds_free(struct rounds *rounds);

/* Takes a result that has ended; its `order` is not looked at. After the last one of a round the next
 * round begins. Returns false, and changes nothing, if no such result is pending. */
bool rounds_take(struct rounds *rounds, const struct result *result);

/* Whether nothing is pending: after the last round, or when no trial of a round has a score. */
bool rounds_done(const struct rounds *rounds);

/* Returns the best result among `count`; NULL if none has a score. */
const struct result *rounds_best(const struct result *results, size_t count);

/* Returns the best result of the last round in which a trial has a score; NULL if there is none. */
const struct result *rounds_winner(const struct rounds *rounds);

#endif
