/* Data-parallel training: a network learns to read digits, on all processors.
 *
 * Each step of the descent needs the gradient of a batch of samples, which is a sum over its
 * micro-batches. A pool makes this sum by pool_fold(): see crew.c. The weights lie in memory that
 * the workers share, so a step sends them nowhere. A fold adds in an order that does not depend on
 * the number of workers, so the weights do not depend on it either, to the last bit. */
#include <math.h>
#include <procpool.h>
#include <stdio.h>

#include "common/folder.h"
#include "common/report.h"
#include "compare.h"
#include "curve.h"
#include "model/matrix.h"
#include "options.h"
#include "training.h"

/* Says on standard error what could not be done if `code` is negative. Returns whether it is not.
 */
static bool check(int code, const char *what)
{
    if (code == POOL_EINIT)
        fprintf(stderr, "train: in a worker: %s\n", pool_create_error());
    else if (code < 0)
        fprintf(stderr, "train: %s: %s\n", what, pool_strerror(code));
    return code >= 0;
}

static void print_epochs(const struct options *options, const struct outcome *outcome)
{
    for (long i = 0; i < options->epochs; i++)
        if (i == 0 || i == options->epochs - 1 || (i + 1) % 4 == 0)
            printf("epoch %4ld: loss %.4f, in the test %.4f, %.1f %% right\n", i + 1,
                   outcome->points[i].loss, outcome->points[i].test_loss,
                   100 * outcome->points[i].accuracy);
    if (outcome->lost > 0)
        printf("micro-batches lost by crashes: %zu; their steps were made without them\n",
               outcome->lost);
}

static void print_report(const struct task *task, const struct options *options,
                         const struct outcome *outcome)
{
    struct report report = {.program = "train",
                            .way = options->way,
                            .processes = options->way == WAY_SEQUENTIAL ? 1 : options->processes,
                            .items = outcome->items,
                            .lost = outcome->lost,
                            .seconds = outcome->seconds};
    report.check = report_check(0, outcome->weights, mlp_parameters(task->mlp) * sizeof(float));
    report_print(&report);
}

/* Says so if the loss has left all bounds, as it does with too high a rate. */
static bool learned(const struct options *options, const struct outcome *outcome)
{
    double last = outcome->points[options->epochs - 1].test_loss;
    bool good = isfinite(last) && last < 10 * (outcome->points[0].loss + 1);
    if (!good)
        fputs("train: the weights have left all bounds; try a lower --rate\n", stderr);
    return good;
}

int main(int argc, char **argv)
{
    struct options options;
    struct task task;
    struct outcome outcome = {0};
    int status = options_read(&options, argc, argv);
    if (status >= 0)
        return status;
    if (options.output && !check(folder_prepare(options.output), options.output))
        return 2;
    if (!check(task_init(&task, &options), "cannot make the digits"))
        return 1;
    printf("%zu pictures of digits made with seed %llu, %zu for the test; %zu weights; %s\n\n",
           task.trained, (unsigned long long)options.seed, task.tested, mlp_parameters(task.mlp),
           matrix_library());
    int code = options.compare ? compare_ways(&task, &options, &outcome)
                               : train(&task, &options, options.way, &outcome);
    bool good = check(code, "cannot train") && code == 0 && learned(&options, &outcome);
    if (outcome.points)
        print_epochs(&options, &outcome);
    if (good && options.output)
        good = check(curve_write(&task, &options, &outcome), options.output);
    if (outcome.weights)
        print_report(&task, &options, &outcome);
    outcome_free(&outcome);
    task_free(&task);
    return good && fflush(stdout) == 0 ? 0 : 1;
}
