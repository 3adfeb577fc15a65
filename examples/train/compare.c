#include "compare.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/processors.h"
#include "common/report.h"
#include "model/matrix.h"

enum { ROUNDS = 3 };

struct comparison {
    struct outcome first; /* of the sequential way: the others must have the same weights */
    double seconds[WAY_COUNT][ROUNDS];
    double processors[ROUNDS]; /* free while the sequential way ran */
    bool identical[WAY_COUNT];
};

/* The middle one of three. */
static double median(const double values[ROUNDS])
{
    double least = fmin(values[0], values[1]), most = fmax(values[0], values[1]);
    return fmax(least, fmin(most, values[2]));
}

/* Trains once. Keeps what came out if it is the first training of the sequential way, or of the
 * pool. */
static int train_once(const struct task *task, const struct options *options, enum way way,
                      int round, struct comparison *all, struct outcome *kept)
{
    struct outcome outcome;
    struct processors processors;
    size_t bytes = mlp_parameters(task->mlp) * sizeof(float);
    processors_begin(&processors);
    int error = train(task, options, way, &outcome);
    if (error)
        return error;
    if (way == WAY_SEQUENTIAL)
        all->processors[round] = processors_free(&processors);
    all->seconds[way][round] = outcome.seconds;
    struct outcome *place = way == WAY_SEQUENTIAL ? &all->first : way == WAY_POOL ? kept : NULL;
    if (all->first.weights && memcmp(outcome.weights, all->first.weights, bytes) != 0)
        all->identical[way] = false;
    if (round == 0 && place)
        *place = outcome;
    else
        outcome_free(&outcome);
    return 0;
}

static void print_table(const struct comparison *all, const struct options *options)
{
    double sequential = median(all->seconds[WAY_SEQUENTIAL]);
    puts("Way            seconds  speed-up  weights");
    for (int way = 0; way < WAY_COUNT; way++)
        printf("%-12s %9.3f %9.2f  %s\n", way_name((enum way)way), median(all->seconds[way]),
               sequential / median(all->seconds[way]),
               way == WAY_SEQUENTIAL ? "-"
               : all->identical[way] ? "identical"
                                     : "DIFFERENT");
    printf("%d threads, %d processes; medians of %d rounds, with the making and the end of each "
           "crew.\nProcessors free meanwhile: %.1f.\n",
           options->processes, options->processes, ROUNDS, median(all->processors));
    if (sequential < REPORT_SMALL)
        printf("Too small to matter: sequentially it takes less than %.1f s.\n", REPORT_SMALL);
    if (strcmp(matrix_library(), "OpenBLAS") == 0)
        puts(
            "Threads take turns in OpenBLAS, whose serial build is not thread-safe; see --matrix.");
    putchar('\n');
}

int compare_ways(const struct task *task, const struct options *options, struct outcome *outcome)
{
    struct comparison all = {0};
    bool same = true;
    int error = 0;
    memset(all.identical, 1, sizeof all.identical);
    for (int round = 0; round < ROUNDS && !error; round++)
        for (int way = 0; way < WAY_COUNT && !error; way++)
            error = train_once(task, options, (enum way)way, round, &all, outcome);
    if (!error)
        print_table(&all, options);
    for (int way = 0; way < WAY_COUNT; way++)
        same = same && all.identical[way];
    outcome_free(&all.first);
    return error ? error : !same;
}
