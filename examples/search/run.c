#include "run.h"

#include <errno.h>
#include <stdlib.h>

#include "live.h"
#include "trial.h"

/* The pending trials of a round, whose folds are the jobs. */
struct batch {
    const struct run *run;
    unsigned folds;
    size_t trials;
    struct result *results; /* of the trials, as far as their folds have ended */
    unsigned *left;         /* folds of each trial that have not ended */
    double *accuracies;     /* of each trial, fold by fold */
    struct job *jobs;       /* to be run now */
    size_t job_count;
    struct job *crashed; /* to be run once more */
    size_t crashed_count;
    unsigned attempt; /* 0: the jobs are run for the first time */
};

/* ---- Jobs ---- */

static void batch_free(struct batch *batch)
{
    free(batch->results);
    free(batch->left);
    free(batch->accuracies);
    free(batch->jobs);
    free(batch->crashed);
}

static int batch_init(struct batch *batch, const struct run *run)
{
    size_t trials = run->rounds->count - run->rounds->first;
    unsigned folds = run->rounds->study->folds;
    *batch = (struct batch){.run = run, .folds = folds};
    batch->results = calloc(trials, sizeof *batch->results);
    batch->left = calloc(trials, sizeof *batch->left);
    batch->accuracies = calloc(trials * folds, sizeof *batch->accuracies);
    batch->jobs = calloc(trials * folds, sizeof *batch->jobs);
    batch->crashed = calloc(trials * folds, sizeof *batch->crashed);
    if (batch->results && batch->left && batch->accuracies && batch->jobs && batch->crashed)
        return 0;
    batch_free(batch);
    return -ENOMEM;
}

/* A trial and how long it is expected to take. */
struct expected {
    const struct result *result;
    double cost;
};

static int compare_costs(const void *left, const void *right)
{
    const struct expected *a = left, *b = right;
    if (a->cost != b->cost)
        return a->cost > b->cost ? -1 : 1;
    return (a->result->trial > b->result->trial) - (a->result->trial < b->result->trial);
}

/* Lists the pending trials of the round, the longest first: a long one that began last would be waited
 * for while the other workers have nothing to do. Returns how many they are. */
static size_t list_pending(const struct run *run, struct expected *pending)
{
    const struct rounds *rounds = run->rounds;
    size_t count = 0;
    for (size_t i = rounds->first; i < rounds->count; i++) {
        const struct result *result = &rounds->results[i];
        if (result->outcome == OUTCOME_PENDING)
            pending[count++] = (struct expected){
                result, trial_cost(rounds->study, run->crew->data, result->trial)};
    }
    qsort(pending, count, sizeof *pending, compare_costs);
    return count;
}

static void add_trial(struct batch *batch, const struct result *result)
{
    const struct run *run = batch->run;
    size_t place = batch->trials++;
    atomic_bool *late = run->crew->late ? &run->crew->late[result->trial] : NULL;
    bool crash =
        run->crash && run->rounds->round == 0 && result->trial == run->rounds->study->trials / 2;
    batch->results[place] = *result;
    batch->results[place].outcome = OUTCOME_SCORED;
    batch->left[place] = batch->folds;
    for (unsigned fold = 0; fold < batch->folds; fold++)
        batch->jobs[batch->job_count++] = (struct job){.trial = result->trial,
                                                       .epochs = result->epochs,
                                                       .fold = fold,
                                                       .place = (unsigned)place,
                                                       .crash = crash && fold == 0,
                                                       .late = late};
}

static int add_pending(struct batch *batch)
{
    const struct rounds *rounds = batch->run->rounds;
    struct expected *pending = calloc(rounds->count - rounds->first, sizeof *pending);
    if (!pending)
        return -ENOMEM;
    size_t count = list_pending(batch->run, pending);
    for (size_t i = 0; i < count; i++)
        add_trial(batch, pending[i].result);
    free(pending);
    return 0;
}

/* ---- Results ---- */

/* The sum is made in the order of the folds, so it does not depend on which of them ended first. */
static double mean_accuracy(const struct batch *batch, size_t place)
{
    double sum = 0;
    for (unsigned fold = 0; fold < batch->folds; fold++)
        sum += batch->accuracies[place * batch->folds + fold];
    return sum / batch->folds;
}

static void say_why(const struct job_end *end, const char *what_follows)
{
    live_say("trial %u, epochs %u, fold %u: %s; %s", end->job->trial, end->job->epochs,
             end->job->fold, end->why, what_follows);
}

/* Takes the end of a fold that is not run once more. */
static int take_fold(struct batch *batch, const struct job_end *end)
{
    size_t place = end->job->place;
    struct result *result = &batch->results[place];
    if (end->outcome != OUTCOME_SCORED && result->outcome == OUTCOME_SCORED)
        say_why(end, "the trial has no score");
    if (end->outcome > result->outcome)
        result->outcome = end->outcome;
    result->seconds += end->fold.seconds;
    batch->accuracies[place * batch->folds + end->job->fold] = end->fold.accuracy;
    if (--batch->left[place] > 0)
        return 0;
    if (result->outcome == OUTCOME_SCORED)
        result->score = mean_accuracy(batch, place);
    return batch->run->ended(batch->run->context, result);
}

/* Takes the end of a fold, or keeps the fold to be run once more. */
static int take_end(void *context, const struct job_end *end)
{
    struct batch *batch = context;
    if (end->outcome != OUTCOME_CRASHED || batch->attempt == batch->run->retries)
        return take_fold(batch, end);
    say_why(end, "it runs once more");
    batch->crashed[batch->crashed_count] = *end->job;
    batch->crashed[batch->crashed_count++].crash = false;
    return 0;
}

/* By hand: retries. Runs the jobs, and then those whose worker died once more, up to `retries` times.
 * take_end() has kept them. A fold that is out of time, or fails, is not run again: it would end in
 * the same way. */
static int run_with_retries(struct batch *batch)
{
    while (batch->job_count > 0) {
        int code = crew_run(batch->run->crew, batch->jobs, batch->job_count, take_end, batch);
        if (code < 0)
            return code;
        struct job *done = batch->jobs;
        batch->jobs = batch->crashed;
        batch->job_count = batch->crashed_count;
        batch->crashed = done;
        batch->crashed_count = 0;
        batch->attempt++;
    }
    return 0;
}

int run_round(const struct run *run)
{
    struct batch batch;
    int code = batch_init(&batch, run);
    if (code < 0)
        return code;
    code = add_pending(&batch);
    if (code == 0)
        code = run_with_retries(&batch);
    batch_free(&batch);
    return code;
}
