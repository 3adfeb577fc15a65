#define _POSIX_C_SOURCE 200809L
#include "options.h"

#include <getopt.h>
#include <procpool.h>

#include "common/usage.h"

static const char help[] =
    "Usage: compare [OPTION]... [PROGRAM [ARGUMENT]...]\n"
    "\n"
    "Runs examples sequentially, in threads and in a pool on the same input, and shows what each "
    "way\n"
    "takes and what a crash in one item does to it. PROGRAM is preprocess, augment, search or "
    "train,\n"
    "with arguments of its own; without one, each of the four runs on its usual input.\n"
    "\n"
    "  --processes N  worker processes or threads (default: one for each processor)\n"
    "  --rounds N     take medians of N runs (default: 1)\n"
    "  --quick        small inputs, to see that all works\n"
    "  --output DIR   write compare.csv and compare.svg to DIR, which is made\n"
    "  --help         print this\n"
    "\n"
    "Exit status: 0 done, 1 a program could not be run or its ways gave different results, 2 "
    "wrong\n"
    "usage.\n";

enum { OPTION_PROCESSES = 1, OPTION_ROUNDS, OPTION_QUICK, OPTION_OUTPUT, OPTION_HELP };

static const struct option long_options[] = {
    {"processes", required_argument, NULL, OPTION_PROCESSES},
    {"rounds", required_argument, NULL, OPTION_ROUNDS},
    {"quick", no_argument, NULL, OPTION_QUICK},
    {"output", required_argument, NULL, OPTION_OUTPUT},
    {"help", no_argument, NULL, OPTION_HELP},
    {NULL, 0, NULL, 0},
};

static int read_option(struct options *options, int option)
{
    switch (option) {
    case OPTION_PROCESSES:
        return usage_read_processes(optarg, &options->processes);
    case OPTION_ROUNDS:
        return usage_read_int("rounds", optarg, 1, 99, &options->rounds);
    case OPTION_QUICK:
        options->quick = true;
        return -1;
    case OPTION_OUTPUT:
        options->output = optarg;
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
    *options = (struct options){.processes = pool_cpu_count(), .rounds = 1};
    /* "+": what follows PROGRAM is for the program. */
    while ((option = getopt_long(argc, argv, "+", long_options, NULL)) != -1)
        if ((status = read_option(options, option)) >= 0)
            return status;
    options->command = optind < argc ? argv + optind : NULL;
    return -1;
}
