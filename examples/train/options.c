#define _POSIX_C_SOURCE 200809L
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <procpool.h>
#include <stdlib.h>
#include <string.h>

#include "common/usage.h"
#include "model/matrix.h"

static const char help[] =
    "Usage: train [OPTION]...\n"
    "\n"
    "Trains a neural network to read digits by stochastic gradient descent. The gradient of each\n"
    "step is a sum over micro-batches, which all processors compute together. The pictures of the\n"
    "digits are made with a fixed seed.\n"
    "\n"
    "  --processes N  worker processes or threads (default: one for each processor)\n"
    "  --mode MODE    pool (default): in processes\n"
    "                 threads, sequential: the same in this process\n"
    "                 compare: all three, with times\n"
    "  --epochs N     how often each picture is used (default: 12)\n"
    "  --samples N    pictures (default: 12288); a twelfth of them is kept for the test\n"
    "  --hidden N     units of the hidden layer (default: 192)\n"
    "  --rate X       how far a step goes (default: 0.1)\n"
    "  --seed N       of the pictures, of the first weights and of their order (default: 1)\n"
    "  --matrix NAME  what multiplies matrices: openblas (default where it is there), or loops\n"
    "                 (default of compare, since threads take turns in openblas)\n"
    "  --output DIR   write curve.csv, curve.svg and weights.npy to DIR, which is made\n"
    "  --crash        let one micro-batch in the middle crash; not with compare, as that ends the\n"
    "                 other ways\n"
    "  --help         print this\n"
    "\n"
    "The weights are the same to the last bit for any number of workers and in all ways, on one\n"
    "machine with one library for the matrices, as long as nothing crashes.\n"
    "Exit status: 0 done, 1 could not be done or ways gave different weights, 2 wrong usage or no\n"
    "folder to write to.\n";

enum {
    OPTION_PROCESSES = 1,
    OPTION_MODE,
    OPTION_EPOCHS,
    OPTION_SAMPLES,
    OPTION_HIDDEN,
    OPTION_RATE,
    OPTION_SEED,
    OPTION_MATRIX,
    OPTION_OUTPUT,
    OPTION_CRASH,
    OPTION_HELP
};

static const struct option long_options[] = {
    {"processes", required_argument, NULL, OPTION_PROCESSES},
    {"mode", required_argument, NULL, OPTION_MODE},
    {"epochs", required_argument, NULL, OPTION_EPOCHS},
    {"samples", required_argument, NULL, OPTION_SAMPLES},
    {"hidden", required_argument, NULL, OPTION_HIDDEN},
    {"rate", required_argument, NULL, OPTION_RATE},
    {"seed", required_argument, NULL, OPTION_SEED},
    {"matrix", required_argument, NULL, OPTION_MATRIX},
    {"output", required_argument, NULL, OPTION_OUTPUT},
    {"crash", no_argument, NULL, OPTION_CRASH},
    {"help", no_argument, NULL, OPTION_HELP},
    {NULL, 0, NULL, 0},
};

static int read_rate(struct options *options)
{
    char *end;
    options->rate = strtod(optarg, &end);
    if (end != optarg && *end == '\0' && isfinite(options->rate) && options->rate > 0)
        return -1;
    return usage_error("--rate takes a number above 0, not '%s'", optarg);
}

static int read_option(struct options *options, int option)
{
    switch (option) {
    case OPTION_PROCESSES:
        return usage_read_processes(optarg, &options->processes);
    case OPTION_MODE:
        return usage_read_mode(optarg, &options->way, &options->compare);
    case OPTION_EPOCHS:
        return usage_read_long("epochs", optarg, 1, 1000000, &options->epochs);
    case OPTION_SAMPLES:
        return usage_read_long("samples", optarg, 24, 100000000, &options->samples);
    case OPTION_HIDDEN:
        return usage_read_long("hidden", optarg, 1, 65536, &options->hidden);
    case OPTION_RATE:
        return read_rate(options);
    case OPTION_SEED:
        return usage_read_seed(optarg, &options->seed);
    case OPTION_MATRIX:
        options->matrix = true;
        return matrix_choose(optarg)
                   ? -1
                   : usage_error("--matrix takes a library that is there, not '%s'", optarg);
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

int options_read(struct options *options, int argc, char **argv)
{
    int option, status;
    *options = (struct options){.way = WAY_POOL,
                                .processes = pool_cpu_count(),
                                .epochs = 12,
                                .samples = 12288,
                                .hidden = 192,
                                .rate = 0.1,
                                .seed = 1};
    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1)
        if ((status = read_option(options, option)) >= 0)
            return status;
    if (optind < argc)
        return usage_error("unexpected '%s'", argv[optind]);
    if (options->compare && options->crash)
        return usage_error("a crash ends the other ways; the program compare shows that");
    if (!options->matrix && !options->compare)
        matrix_choose("openblas");
    return -1;
}
