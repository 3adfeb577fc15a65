#include "training.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"

/* ---- What is learned from ---- */

int task_init(struct task *task, const struct options *options)
{
    *task = (struct task){.mlp.hidden = (int)options->hidden};
    int error = data_make_digits(&task->data, (size_t)options->samples, options->seed);
    task->tested = task->data.count / 12;
    task->trained = task->data.count - task->tested;
    task->mlp.features = task->data.features;
    task->mlp.classes = task->data.classes;
    return error;
}

void task_free(struct task *task)
{
    data_free(&task->data);
}

/* ---- A training under way ---- */

struct training {
    const struct task *task;
    const struct options *options;
    struct crew crew;
    struct random random; /* of the order of samples */
    /* Read by the whole crew. It is idle while they are written. */
    float *weights;
    unsigned *order;
    float *velocity; /* moving mean of the steps */
    struct sums *sums;
    struct mlp_buffers buffers; /* for the test */
    struct outcome *outcome;
};

static void forget(struct training *training)
{
    crew_release(&training->crew, training->weights);
    crew_release(&training->crew, training->order);
    crew_free(&training->crew);
    mlp_buffers_free(&training->buffers);
    free(training->velocity);
    free(training->sums);
}

/* Gets the memory of a training whose crew has been made. */
static int prepare(struct training *training)
{
    const struct task *task = training->task;
    size_t parameters = mlp_parameters(task->mlp);
    struct outcome *outcome = training->outcome;
    training->weights = crew_alloc(&training->crew, parameters, sizeof(float));
    training->order = crew_alloc(&training->crew, task->trained, sizeof(unsigned));
    training->velocity = calloc(parameters, sizeof(float));
    training->sums = malloc(crew_sums_size(task->mlp));
    outcome->weights = malloc(parameters * sizeof(float));
    outcome->points = calloc((size_t)training->options->epochs, sizeof *outcome->points);
    if (!training->weights || !training->order || !training->velocity || !training->sums ||
        !outcome->weights || !outcome->points)
        return -ENOMEM;
    mlp_init(task->mlp, training->weights, &training->random);
    for (size_t i = 0; i < task->trained; i++)
        training->order[i] = (unsigned)i;
    return mlp_buffers_init(&training->buffers, task->mlp, 256);
}

/* Whether the option `crash` asks for a crash in this micro-batch: one in the middle. */
static bool is_to_crash(const struct training *training, long epoch, size_t first)
{
    return training->options->crash && epoch == training->options->epochs / 2 && first == 0;
}

/* Cuts the samples that begin at place `first` of the order into micro-batches. */
static size_t cut(const struct training *training, long epoch, size_t first,
                  struct micro_batch batches[BATCH / MICRO])
{
    size_t count = 0, trained = training->task->trained;
    size_t end = first + BATCH < trained ? first + BATCH : trained;
    for (size_t at = first; at < end; at += MICRO)
        batches[count++] = (struct micro_batch){.weights = training->weights,
                                                .chosen = training->order + at,
                                                .count = (int)(end - at < MICRO ? end - at : MICRO),
                                                .crashes = is_to_crash(training, epoch, at)};
    return count;
}

/* Moves the weights against the mean gradient. */
static void step(struct training *training)
{
    const struct sums *sums = training->sums;
    float momentum = 0.9f, rate = (float)(training->options->rate / (double)sums->samples);
    size_t parameters = mlp_parameters(training->task->mlp);
    for (size_t i = 0; i < parameters; i++) {
        training->velocity[i] = momentum * training->velocity[i] - rate * sums->gradient[i];
        training->weights[i] += training->velocity[i];
    }
}

static void test(struct training *training, struct point *point)
{
    const struct task *task = training->task;
    size_t right = mlp_count_right(task->mlp, training->weights, &task->data, task->trained,
                                   task->tested, &training->buffers, &point->test_loss);
    point->test_loss /= (double)task->tested;
    point->accuracy = (double)right / (double)task->tested;
}

/* A step whose micro-batches are all lost changes nothing. */
static int run_epoch(struct training *training, long epoch)
{
    struct micro_batch batches[BATCH / MICRO];
    struct point *point = &training->outcome->points[epoch];
    uint64_t samples = 0;
    random_shuffle(&training->random, training->order, training->task->trained);
    for (size_t first = 0; first < training->task->trained; first += BATCH) {
        size_t count = cut(training, epoch, first, batches);
        int error =
            crew_add_up(&training->crew, batches, count, training->sums, &training->outcome->lost);
        if (error)
            return error;
        training->outcome->items += count;
        point->loss += training->sums->loss;
        samples += training->sums->samples;
        if (training->sums->samples > 0)
            step(training);
    }
    point->loss /= (double)(samples > 0 ? samples : 1);
    test(training, point);
    return 0;
}

static int run(struct training *training, enum way way)
{
    const struct options *options = training->options;
    int error = crew_init(&training->crew, way, options->processes, training->task->mlp,
                          &training->task->data);
    if (!error)
        error = prepare(training);
    for (long epoch = 0; epoch < options->epochs && !error; epoch++)
        error = run_epoch(training, epoch);
    if (!error)
        memcpy(training->outcome->weights, training->weights,
               mlp_parameters(training->task->mlp) * sizeof(float));
    forget(training);
    return error;
}

int train(const struct task *task, const struct options *options, enum way way,
          struct outcome *outcome)
{
    double begin = clock_seconds();
    struct training training = {
        .task = task, .options = options, .random = {options->seed}, .outcome = outcome};
    *outcome = (struct outcome){0};
    int error = run(&training, way);
    outcome->seconds = clock_seconds() - begin;
    if (error)
        outcome_free(outcome);
    return error;
}

void outcome_free(struct outcome *outcome)
{
    free(outcome->weights);
    free(outcome->points);
    *outcome = (struct outcome){0};
}
