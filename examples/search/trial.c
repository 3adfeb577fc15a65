#include "trial.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/mlp.h"

enum { BATCH_LEAST = 8, BATCH_SIZES = 5, BATCH_MOST = BATCH_LEAST << (BATCH_SIZES - 1) };

/* ---- Drawing ---- */

/* A seed of its own for each number. */
static uint64_t derive(uint64_t seed, uint64_t number)
{
    struct random random = {seed + number * 0xd1342543de82ef95u};
    random.state = random_bits(&random);
    return random_bits(&random);
}

/* Uniform in the logarithm: as likely from 0.001 to 0.01 as from 0.01 to 0.1. */
static double log_between(struct random *random, double least, double most)
{
    return exp(random_between(random, log(least), log(most)));
}

struct parameters trial_draw(const struct study *study, unsigned trial)
{
    struct random random = {derive(study->seed, trial)};
    struct parameters parameters = {
        .learning_rate = log_between(&random, 0.001, 1),
        .momentum = random_between(&random, 0, 0.95),
        .weight_decay = log_between(&random, 1e-6, 1e-2),
        .hidden = (int)log_between(&random, 8, 129),
        .batch = BATCH_LEAST << random_below(&random, BATCH_SIZES),
    };
    return parameters;
}

double trial_cost(const struct study *study, const struct data *data, unsigned trial)
{
    struct parameters parameters = trial_draw(study, trial);
    double products = parameters.hidden * (double)(data->features + data->classes);
    return products + 20 * parameters.hidden + 20000.0 / parameters.batch;
}

/* ---- Training ---- */

/* A network while it learns. */
struct learner {
    struct mlp mlp;
    size_t size; /* of the next three */
    float *weights, *gradient, *velocity;
    unsigned *order; /* the samples to learn from, in the order of the epoch */
    size_t samples;
    struct mlp_buffers buffers;
};

static void learner_free(struct learner *learner)
{
    free(learner->weights);
    free(learner->gradient);
    free(learner->velocity);
    free(learner->order);
    mlp_buffers_free(&learner->buffers);
}

static int learner_init(struct learner *learner, struct mlp mlp, size_t samples)
{
    size_t size = mlp_parameters(mlp);
    *learner = (struct learner){.mlp = mlp, .size = size, .samples = samples};
    learner->weights = calloc(size, sizeof(float));
    learner->gradient = calloc(size, sizeof(float));
    learner->velocity = calloc(size, sizeof(float));
    learner->order = calloc(samples, sizeof *learner->order);
    if (learner->weights && learner->gradient && learner->velocity && learner->order &&
        mlp_buffers_init(&learner->buffers, mlp, BATCH_MOST) == 0)
        return 0;
    learner_free(learner);
    return -ENOMEM;
}

/* Lists the samples that are not in the fold, which is `first` to `end` - 1. */
static void list_samples(struct learner *learner, size_t first, size_t end)
{
    for (size_t i = 0; i < learner->samples; i++)
        learner->order[i] = (unsigned)(i < first ? i : i + end - first);
}

/* Moves the weights by the gradient, which is a sum over `count` samples. */
static void step(struct learner *learner, const struct parameters *parameters, int count)
{
    float momentum = (float)parameters->momentum, decay = (float)parameters->weight_decay;
    float rate = (float)parameters->learning_rate, part = 1 / (float)count;
    for (size_t i = 0; i < learner->size; i++) {
        float slope = learner->gradient[i] * part + decay * learner->weights[i];
        learner->velocity[i] = momentum * learner->velocity[i] - rate * slope;
        learner->weights[i] += learner->velocity[i];
    }
}

static void learn_epoch(struct learner *learner, const struct parameters *parameters,
                        const struct data *data, struct random *random)
{
    size_t most = (size_t)parameters->batch, left = learner->samples;
    random_shuffle(random, learner->order, learner->samples);
    for (const unsigned *at = learner->order; left > 0;) {
        size_t count = left < most ? left : most;
        memset(learner->gradient, 0, learner->size * sizeof(float));
        mlp_add_gradient(learner->mlp, learner->weights, data, at, (int)count, &learner->buffers,
                         learner->gradient);
        step(learner, parameters, (int)count);
        at += count;
        left -= count;
    }
}

int trial_score(const struct study *study, const struct data *data, unsigned trial, unsigned epochs,
                unsigned fold, double *accuracy)
{
    struct parameters parameters = trial_draw(study, trial);
    struct mlp mlp = {data->features, parameters.hidden, data->classes};
    struct random random = {derive(derive(study->seed, trial), 1 + fold)};
    size_t first = data->count * fold / study->folds;
    size_t end = data->count * (fold + 1) / study->folds;

    struct learner learner;
    if (learner_init(&learner, mlp, data->count - (end - first)) < 0)
        return -ENOMEM;
    mlp_init(mlp, learner.weights, &random);
    list_samples(&learner, first, end);
    for (unsigned epoch = 0; epoch < epochs; epoch++)
        learn_epoch(&learner, &parameters, data, &random);
    size_t right =
        mlp_count_right(mlp, learner.weights, data, first, end - first, &learner.buffers, NULL);
    *accuracy = (double)right / (double)(end - first);
    learner_free(&learner);
    return 0;
}
