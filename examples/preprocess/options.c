/* The command line: reading it, the help. */
#define _POSIX_C_SOURCE 200809L
#include "options.h"

#include <getopt.h>
#include <procpool.h>

#include "common/number.h"
#include "common/usage.h"

static const char help[] =
    "Usage: preprocess [OPTION]... PATH...\n"
    "\n"
    "Turns text files, and those in directories and below, into features for machine learning:\n"
    "checks UTF-8, normalises, counts, hashes words into 1,024 features, finds near-duplicates.\n"
    "\n"
    "  --processes N    worker processes or threads (default: one for each processor)\n"
    "  --mode MODE      pool (default): in processes, which a crash in one file cannot stop\n"
    "                   threads, sequential: the same in this process\n"
    "                   compare: all three on the same files, with times\n"
    "  --max-bytes N    refuse larger files; K, M, G may follow the number (default: 16M)\n"
    "  --output DIR     write features.npy, files.csv and near_duplicates.csv to DIR\n"
    "  --crash          let the work on the first file crash\n"
    "  --help           print this\n"
    "\n"
    "A file that cannot be used is told of in the report and in files.csv; it stops nothing.\n"
    "Exit status: 0 done, 1 could not be done or ways gave different results, 2 wrong usage.\n";

enum {
    OPTION_PROCESSES = 1,
    OPTION_MODE,
    OPTION_MAX_BYTES,
    OPTION_OUTPUT,
    OPTION_CRASH,
    OPTION_HELP
};

static const struct option long_options[] = {
    {"processes", required_argument, NULL, OPTION_PROCESSES},
    {"mode", required_argument, NULL, OPTION_MODE},
    {"max-bytes", required_argument, NULL, OPTION_MAX_BYTES},
    {"output", required_argument, NULL, OPTION_OUTPUT},
    {"crash", no_argument, NULL, OPTION_CRASH},
    {"help", no_argument, NULL, OPTION_HELP},
    {NULL, 0, NULL, 0},
};

static int read_max_bytes(struct options *options, const char *text)
{
    unsigned long long number;
    if (!number_read(text, true, &number) || number < 1 || number > SIZE_MAX / 4)
        return usage_error("--max-bytes takes a number like 500000 or 16M, not '%s'", text);
    options->max_bytes = (size_t)number;
    return -1;
}

static int read_option(struct options *options, int option)
{
    switch (option) {
    case OPTION_PROCESSES:
        return usage_read_processes(optarg, &options->processes);
    case OPTION_MODE:
        return usage_read_mode(optarg, &options->way, &options->compare);
    case OPTION_MAX_BYTES:
        return read_max_bytes(options, optarg);
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
    int option, code;
    *options = (struct options){.way = WAY_POOL, .max_bytes = (size_t)16 << 20};
    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1)
        if ((code = read_option(options, option)) >= 0)
            return code;
    if (options->compare && options->crash)
        return usage_error("a crash ends the other ways; the program compare shows that");
    if (optind == argc)
        return usage_error("no PATH to read");
    options->paths = argv + optind;
    return -1;
}
