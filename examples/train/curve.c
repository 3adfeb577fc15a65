#define _POSIX_C_SOURCE 200809L
#include "curve.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/chart.h"
#include "common/folder.h"
#include "common/npy.h"
#include "common/whole_file.h"

static int write_table(const struct options *options, const struct outcome *outcome)
{
    struct whole_file file;
    int code = whole_file_open_in(&file, options->output, "curve.csv");
    if (code < 0)
        return code;
    fputs("epoch,training_loss,test_loss,test_accuracy\n", file.stream);
    for (long i = 0; i < options->epochs; i++) {
        const struct point *point = &outcome->points[i];
        fprintf(file.stream, "%ld,%.9g,%.9g,%.9g\n", i + 1, point->loss, point->test_loss,
                point->accuracy);
    }
    return whole_file_close(&file, 0);
}

static int write_weights(const struct task *task, const struct options *options,
                         const struct outcome *outcome)
{
    struct whole_file file;
    size_t count = mlp_parameters(task->mlp);
    int code = whole_file_open_in(&file, options->output, "weights.npy");
    if (code < 0)
        return code;
    code = npy_write_header(file.stream, "f4", &count, 1);
    fwrite(outcome->weights, sizeof(float), count, file.stream);
    return whole_file_close(&file, code);
}

static int draw(const char *path, size_t epochs, const struct outcome *outcome)
{
    double *values = calloc(3 * epochs, sizeof *values);
    if (!values)
        return -ENOMEM;
    for (size_t i = 0; i < epochs; i++) {
        values[i] = (double)i + 1;
        values[epochs + i] = outcome->points[i].loss;
        values[2 * epochs + i] = outcome->points[i].test_loss;
    }
    const struct chart_series series[] = {{"training", values, values + epochs, epochs},
                                          {"test", values, values + 2 * epochs, epochs}};
    const struct chart chart = {.title = "Loss of a network that learns digits",
                                .x_label = "epoch",
                                .y_label = "mean cross-entropy",
                                .series = series,
                                .series_count = 2};
    int code = chart_lines(&chart, path);
    free(values);
    return code;
}

int curve_write(const struct task *task, const struct options *options,
                const struct outcome *outcome)
{
    char path[PATH_MAX];
    int code = write_table(options, outcome);
    if (code == 0)
        code = write_weights(task, options, outcome);
    if (code == 0)
        code = folder_path(options->output, "curve.svg", path);
    if (code == 0)
        code = draw(path, (size_t)options->epochs, outcome);
    return code;
}
