#define _POSIX_C_SOURCE 200809L
#include "options.h"

#include <getopt.h>
#include <procpool.h>
#include <stdlib.h>
#include <string.h>

#include "common/usage.h"
#include "model/matrix.h"

static const char help[] =
    "Usage: search [OPTION]...\n"
    "\n"
    "Searches the parameters with which a small neural network learns best: learning rate, "
    "momentum,\n"
    "weight decay, hidden units, size of batches. They are drawn at random; a trial's score is "
    "the\n"
    "mean accuracy over the folds of a cross-validation. The samples are made with a fixed seed.\n"
    "\n"
    "  --data DATA      digits (default): pictures of 8 x 8 points; moons: two half circles\n"
    "  --samples N      samples to make (default: 6000)\n"
    "  --folds K        folds of the cross-validation (default: 4)\n"
    "  --method METHOD  halving (default): rounds; the best trials go on with more epochs\n"
    "                   random: one round of all trials with all epochs\n"
    "  --trials N       trials of the first round (default: 27)\n"
    "  --epochs N       epochs of a trial in the last round (default: 27)\n"
    "  --eta N          one trial in N goes on, with N times the epochs (default: 3)\n"
    "  --seed N         what the random parameters and weights depend on (default: 1)\n"
    "  --matrix NAME    loops (default), or openblas: its serial build, where threads take turns\n"
    "  --trial-timeout SECONDS\n"
    "                   limit of a trial in wall time (default: no limit). It is kept per fold: a "
    "fold\n"
    "                   may take SECONDS / K. When a fold takes longer, the trial has no score, "
    "and\n"
    "                   its folds that are left are skipped. Which trials are lost depends on the\n"
    "                   machine and its load. Needs the mode pool: only a process can be stopped\n"
    "  --retries N      run a fold whose worker died up to N times more (default: 1)\n"
    "  --journal FILE   write each result to FILE at once, and go on from what it has already\n"
    "  --mode MODE      pool (default): in processes; threads, sequential: in this process\n"
    "  --processes N    worker processes or threads (default: one for each processor)\n"
    "  --output DIR     write search.csv and search.svg to DIR\n"
    "  --crash          let a trial in the middle crash when it is first run\n"
    "  --help           print this\n"
    "\n"
    "Ctrl-C stops the search. With --journal the same command goes on with it later; mode,\n"
    "processes, limit and retries may differ then. A trial that ended without a score is not "
    "tried\n"
    "again.\n"
    "Exit status: 0 done, 1 could not be done, 2 wrong usage or a journal that cannot be used,\n"
    "130 stopped by Ctrl-C.\n";

enum {
    OPTION_DATA = 1,
    OPTION_SAMPLES,
    OPTION_FOLDS,
    OPTION_METHOD,
    OPTION_TRIALS,
    OPTION_EPOCHS,
    OPTION_ETA,
    OPTION_SEED,
    OPTION_MATRIX,
    OPTION_TRIAL_TIMEOUT,
    OPTION_RETRIES,
    OPTION_JOURNAL,
    OPTION_MODE,
    OPTION_PROCESSES,
    OPTION_OUTPUT,
    OPTION_CRASH,
    OPTION_HELP
};

static const struct option long_options[] = {
    {"data", required_argument, NULL, OPTION_DATA},
    {"samples", required_argument, NULL, OPTION_SAMPLES},
    {"folds", required_argument, NULL, OPTION_FOLDS},
    {"method", required_argument, NULL, OPTION_METHOD},
    {"trials", required_argument, NULL, OPTION_TRIALS},
    {"epochs", required_argument, NULL, OPTION_EPOCHS},
    {"eta", required_argument, NULL, OPTION_ETA},
    {"seed", required_argument, NULL, OPTION_SEED},
    {"matrix", required_argument, NULL, OPTION_MATRIX},
    {"trial-timeout", required_argument, NULL, OPTION_TRIAL_TIMEOUT},
    {"retries", required_argument, NULL, OPTION_RETRIES},
    {"journal", required_argument, NULL, OPTION_JOURNAL},
    {"mode", required_argument, NULL, OPTION_MODE},
    {"processes", required_argument, NULL, OPTION_PROCESSES},
    {"output", required_argument, NULL, OPTION_OUTPUT},
    {"crash", no_argument, NULL, OPTION_CRASH},
    {"help", no_argument, NULL, OPTION_HELP},
    {NULL, 0, NULL, 0},
};

/* ---- Values ---- */

static int read_count(const char *name, const char *text, long least, long most, unsigned *count)
{
    long number = 0;
    int status = usage_read_long(name, text, least, most, &number);
    if (status < 0)
        *count = (unsigned)number;
    return status;
}

static int read_seconds(const char *text, double *seconds)
{
    char *end;
    double number = strtod(text, &end);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || !(number >= 0.001 && number <= 1e6))
        return usage_error("--trial-timeout takes seconds from 0.001 to 1000000, not '%s'", text);
    *seconds = number;
    return -1;
}

static int read_name(bool known, const char *name, const char *names, const char *text)
{
    return known ? -1 : usage_error("--%s is %s, not '%s'", name, names, text);
}

static int read_matrix(const char *text)
{
    if (matrix_choose(text))
        return -1;
    if (strcmp(text, "openblas") == 0)
        return usage_error("--matrix openblas: this program was built without OpenBLAS, whose "
                           "serial build was missing (on Debian: libopenblas-serial-dev)");
    return usage_error("--matrix is loops or openblas, not '%s'", text);
}

/* ---- Options ---- */

/* Reads an option that changes scores. Returns -2 if it is none. */
static int read_study(struct study *study, int option)
{
    switch (option) {
    case OPTION_DATA:
        return read_name(study_data_read(optarg, &study->data), "data", "digits or moons", optarg);
    case OPTION_METHOD:
        return read_name(study_method_read(optarg, &study->method), "method", "halving or random",
                         optarg);
    case OPTION_SAMPLES:
        return read_count("samples", optarg, 10, 1000000, &study->samples);
    case OPTION_FOLDS:
        return read_count("folds", optarg, 2, 100, &study->folds);
    case OPTION_TRIALS:
        return read_count("trials", optarg, 1, 100000, &study->trials);
    case OPTION_EPOCHS:
        return read_count("epochs", optarg, 1, 100000, &study->epochs);
    case OPTION_ETA:
        return read_count("eta", optarg, 2, 100, &study->eta);
    case OPTION_SEED:
        return usage_read_seed(optarg, &study->seed);
    case OPTION_MATRIX:
        return read_matrix(optarg);
    default:
        return -2;
    }
}

static int read_option(struct options *options, int option)
{
    switch (option) {
    case OPTION_TRIAL_TIMEOUT:
        return read_seconds(optarg, &options->trial_timeout);
    case OPTION_RETRIES:
        return read_count("retries", optarg, 0, 100, &options->retries);
    case OPTION_JOURNAL:
        options->journal = optarg;
        return -1;
    case OPTION_MODE:
        return usage_read_mode(optarg, &options->way, NULL);
    case OPTION_PROCESSES:
        return read_count("processes", optarg, 1, POOL_PROCESSES_MAX, &options->processes);
    case OPTION_OUTPUT:
        options->output = optarg;
        return -1;
    case OPTION_CRASH:
        options->crash = true;
        return -1;
    case OPTION_HELP:
        return usage_help(help);
    default: /* getopt_long() has said what is wrong */
        return usage_try_help();
    }
}

static int check_together(const struct options *options)
{
    if (options->study.folds > options->study.samples)
        return usage_error("%u folds need as many samples", options->study.folds);
    if (options->trial_timeout > 0 && options->way != WAY_POOL)
        return usage_error("--trial-timeout needs --mode pool: only a process can be stopped");
    return -1;
}

int options_read(struct options *options, int argc, char **argv)
{
    int option, code;
    *options = (struct options){
        .study = {.samples = 6000, .folds = 4, .trials = 27, .epochs = 27, .eta = 3, .seed = 1},
        .way = WAY_POOL,
        .retries = 1};
    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        code = read_study(&options->study, option);
        if (code == -2)
            code = read_option(options, option);
        if (code >= 0)
            return code;
    }
    if (optind < argc)
        return usage_error("'%s' is too much", argv[optind]);
    return check_together(options);
}
