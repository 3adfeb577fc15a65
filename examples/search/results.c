#include "results.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/chart.h"
#include "common/folder.h"
#include "common/report.h"
#include "common/whole_file.h"
#include "trial.h"

/* ---- For people ---- */

static void print_round(const struct result *results, size_t count, int round, FILE *file)
{
    const struct result *best = rounds_best(results, count);
    size_t ended = 0, lost = 0;
    for (size_t i = 0; i < count; i++) {
        ended += results[i].outcome != OUTCOME_PENDING;
        lost += results[i].outcome > OUTCOME_SCORED;
    }
    fprintf(file, "  round %d: trials %zu, epochs %u: ", round + 1, count, results->epochs);
    if (ended < count)
        fprintf(file, "%zu have ended, ", ended);
    if (lost > 0)
        fprintf(file, "%zu without a score, ", lost);
    if (best)
        fprintf(file, "best score %.4f of trial %u\n", best->score, best->trial);
    else
        fputs("no score\n", file);
}

/* Returns the end of the round that begins with result `first`. */
static size_t round_end(const struct rounds *rounds, size_t first)
{
    size_t end = first;
    while (end < rounds->count && rounds->results[end].epochs == rounds->results[first].epochs)
        end++;
    return end;
}

void results_print_rounds(const struct rounds *rounds, FILE *file)
{
    int round = 0;
    for (size_t first = 0, end; first < rounds->count; first = end) {
        end = round_end(rounds, first);
        print_round(rounds->results + first, end - first, round++, file);
    }
}

void results_print_winner(const struct study *study, const struct result *winner, FILE *file)
{
    struct parameters parameters = trial_draw(study, winner->trial);
    fprintf(file,
            "winner: trial %u, mean accuracy %.4f over %u folds, epochs %u\n"
            "  learning rate %.4g, momentum %.3f, weight decay %.3g, %d hidden units, batches of "
            "%d\n",
            winner->trial, winner->score, study->folds, winner->epochs, parameters.learning_rate,
            parameters.momentum, parameters.weight_decay, parameters.hidden, parameters.batch);
}

/* ---- Files ---- */

static void write_row(const struct study *study, const struct result *result, FILE *file)
{
    struct parameters parameters = trial_draw(study, result->trial);
    fprintf(file, "%u,%u,%.9g,%.9g,%.9g,%d,%d,%s,", result->trial, result->epochs,
            parameters.learning_rate, parameters.momentum, parameters.weight_decay,
            parameters.hidden, parameters.batch, outcome_text(result->outcome));
    if (result->outcome == OUTCOME_SCORED)
        fprintf(file, "%.17g", result->score);
    fprintf(file, ",%.6f\n", result->seconds);
}

int results_write_table(const struct rounds *rounds, const char *directory)
{
    struct whole_file file;
    int code = whole_file_open_in(&file, directory, RESULTS_TABLE);
    if (code < 0)
        return code;
    fputs("trial,epochs,learning_rate,momentum,weight_decay,hidden,batch,outcome,score,seconds\n",
          file.stream);
    for (size_t i = 0; i < rounds->count; i++)
        write_row(rounds->study, &rounds->results[i], file.stream);
    return whole_file_close(&file, 0);
}

/* ---- The chart ---- */

/* Two lines over the time of training. Each trial is a level line as long as it took, and a gap. The
 * highest score so far is a stair of two points for each trial. */
struct plot {
    size_t *ended;             /* the results in the order in which they ended */
    double *trial_x, *trial_y; /* three for each */
    double *best_x, *best_y;   /* two for each */
};

static void plot_free(struct plot *plot)
{
    free(plot->ended);
    free(plot->trial_x);
    free(plot->trial_y);
    free(plot->best_x);
    free(plot->best_y);
}

static int plot_init(struct plot *plot, size_t count)
{
    plot->ended = calloc(count + 1, sizeof(size_t));
    plot->trial_x = calloc(3 * count + 1, sizeof(double));
    plot->trial_y = calloc(3 * count + 1, sizeof(double));
    plot->best_x = calloc(2 * count + 1, sizeof(double));
    plot->best_y = calloc(2 * count + 1, sizeof(double));
    if (plot->ended && plot->trial_x && plot->trial_y && plot->best_x && plot->best_y)
        return 0;
    plot_free(plot);
    return -ENOMEM;
}

static void plot_trial(struct plot *plot, size_t number, double start, double end, double score)
{
    double *x = plot->trial_x + 3 * number, *y = plot->trial_y + 3 * number;
    x[0] = start;
    x[1] = x[2] = end;
    y[0] = y[1] = score;
    y[2] = NAN;
}

static void plot_best(struct plot *plot, size_t number, double end, double before, double best)
{
    double *x = plot->best_x + 2 * number, *y = plot->best_y + 2 * number;
    x[0] = x[1] = end;
    y[0] = before;
    y[1] = best;
}

static void plot_fill(struct plot *plot, const struct rounds *rounds)
{
    double time = 0, best = NAN; /* fmax() passes NAN over */
    for (size_t i = 0; i < rounds->count; i++)
        if (rounds->results[i].outcome != OUTCOME_PENDING)
            plot->ended[rounds->results[i].order] = i;
    for (size_t i = 0; i < rounds->ended; i++) {
        const struct result *result = &rounds->results[plot->ended[i]];
        double before = best, score = result->outcome == OUTCOME_SCORED ? result->score : NAN;
        best = fmax(best, score);
        plot_trial(plot, i, time, time + result->seconds, score);
        time += result->seconds;
        plot_best(plot, i, time, before, best);
    }
}

int results_write_chart(const struct rounds *rounds, const char *directory)
{
    char path[PATH_MAX];
    struct plot plot;
    int code = folder_path(directory, RESULTS_CHART, path);
    if (code < 0)
        return code;
    code = plot_init(&plot, rounds->ended);
    if (code < 0)
        return code;
    plot_fill(&plot, rounds);
    const struct chart_series series[] = {
        {"a trial, as long as it took", plot.trial_x, plot.trial_y, 3 * rounds->ended},
        {"highest score so far", plot.best_x, plot.best_y, 2 * rounds->ended},
    };
    const struct chart chart = {.title = "Scores of the trials, in the order in which they ended",
                                .x_label = "seconds of training, summed over the trials",
                                .y_label = "mean accuracy over the folds",
                                .series = series,
                                .series_count = 2};
    code = chart_lines(&chart, path);
    plot_free(&plot);
    return code;
}

/* ---- The check ---- */

static uint64_t add_result(uint64_t check, const struct result *result)
{
    uint64_t words[4] = {result->trial, result->epochs, (uint64_t)result->outcome};
    memcpy(&words[3], &result->score, sizeof words[3]);
    return report_check(check, words, sizeof words);
}

uint64_t results_check(const struct rounds *rounds, const struct result *winner)
{
    uint64_t check = 0;
    for (size_t i = 0; i < rounds->count; i++)
        check = add_result(check, &rounds->results[i]);
    return winner ? add_result(check, winner) : check;
}
