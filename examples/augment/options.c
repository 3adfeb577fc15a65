/* The command line: reading it, the help. */
#define _POSIX_C_SOURCE 200809L
#include "options.h"

#include <getopt.h>
#include <limits.h>
#include <procpool.h>
#include <string.h>

#include "common/number.h"
#include "common/usage.h"

enum { MOST_SAMPLES = 64, MOST_MADE = 99999, MOST_SECONDS = 86400, UNSET = -1 };

static const char help[] =
    "Usage: augment [OPTION]... [PATH]...\n"
    "\n"
    "Makes many random samples of each image, or of each text, as training data for machine\n"
    "learning. Images (PNG, JPEG) are cropped, resized to 64 x 64, flipped, changed in colour, "
    "and\n"
    "get noise. Texts have their sentences shuffled and words left out. The same seed gives the\n"
    "same samples, in any mode, with any number of workers.\n"
    "\n"
    "  PATH...          files, and directories with what is below (default: images that the\n"
    "                   program makes, and some of those in /usr/share; texts in /usr/include)\n"
    "  --kind KIND      images (default) or texts\n"
    "  --samples K      samples of each file, 1 to 64 (default: 8)\n"
    "  --make N         also make N images here, five of them bad from N = 6 on\n"
    "                   (default: 400 without PATH)\n"
    "  --limit N        take at most N files, evenly of all (default: 400 without PATH)\n"
    "  --seed N         what all random numbers are made of (default: 1)\n"
    "  --max-pixels N   refuse larger images; K, M, G may follow the number (default: 16M)\n"
    "  --item-timeout SECONDS  time for one file, 1 to 86400 (default: 10). A file that takes\n"
    "                   longer costs its worker and is not usable. In mode pool only\n"
    "  --output DIR     write samples.npy and sheet.png, or samples.jsonl; and files.jsonl\n"
    "  --mode MODE      pool (default): in processes, which a bad image cannot stop\n"
    "                   threads, sequential: the same in this process\n"
    "  --processes N    worker processes or threads (default: one for each processor)\n"
    "  --crash          crash at the file in the middle: in mode pool it costs that file, in\n"
    "                   the other modes it ends the program\n"
    "  --help           print this\n"
    "\n"
    "A file that cannot be used is told of in the report and in files.jsonl; it stops nothing.\n"
    "Exit status: 0 done, 1 could not be done, 2 wrong usage, nothing to read, or --output\n"
    "cannot be written.\n";

enum {
    OPTION_KIND = 1,
    OPTION_SAMPLES,
    OPTION_MAKE,
    OPTION_LIMIT,
    OPTION_SEED,
    OPTION_MAX_PIXELS,
    OPTION_ITEM_TIMEOUT,
    OPTION_OUTPUT,
    OPTION_MODE,
    OPTION_PROCESSES,
    OPTION_CRASH,
    OPTION_HELP
};

static const struct option long_options[] = {
    {"kind", required_argument, NULL, OPTION_KIND},
    {"samples", required_argument, NULL, OPTION_SAMPLES},
    {"make", required_argument, NULL, OPTION_MAKE},
    {"limit", required_argument, NULL, OPTION_LIMIT},
    {"seed", required_argument, NULL, OPTION_SEED},
    {"max-pixels", required_argument, NULL, OPTION_MAX_PIXELS},
    {"item-timeout", required_argument, NULL, OPTION_ITEM_TIMEOUT},
    {"output", required_argument, NULL, OPTION_OUTPUT},
    {"mode", required_argument, NULL, OPTION_MODE},
    {"processes", required_argument, NULL, OPTION_PROCESSES},
    {"crash", no_argument, NULL, OPTION_CRASH},
    {"help", no_argument, NULL, OPTION_HELP},
    {NULL, 0, NULL, 0},
};

static int read_max_pixels(struct options *options)
{
    unsigned long long number;
    if (!number_read(optarg, true, &number) || number < 1 || number > (1ull << 30))
        return usage_error("--max-pixels takes a number up to 1G, like 500000 or 16M, not '%s'",
                           optarg);
    options->max_pixels = (size_t)number;
    return -1;
}

static int read_kind(struct options *options)
{
    options->texts = strcmp(optarg, "texts") == 0;
    if (options->texts || strcmp(optarg, "images") == 0)
        return -1;
    return usage_error("--kind is images or texts, not '%s'", optarg);
}

/* Options whose value is checked. */
static int read_value(struct options *options, int option)
{
    switch (option) {
    case OPTION_KIND:
        return read_kind(options);
    case OPTION_SAMPLES:
        return usage_read_int("samples", optarg, 1, MOST_SAMPLES, &options->samples);
    case OPTION_MAKE:
        return usage_read_long("make", optarg, 0, MOST_MADE, &options->make);
    case OPTION_LIMIT:
        return usage_read_long("limit", optarg, 0, INT_MAX, &options->limit);
    case OPTION_SEED:
        return usage_read_seed(optarg, &options->seed);
    case OPTION_MAX_PIXELS:
        return read_max_pixels(options);
    case OPTION_ITEM_TIMEOUT:
        return usage_read_int("item-timeout", optarg, 1, MOST_SECONDS, &options->item_timeout);
    case OPTION_MODE:
        return usage_read_mode(optarg, &options->way, NULL);
    case OPTION_PROCESSES:
        return usage_read_processes(optarg, &options->processes);
    default: /* getopt_long() has said what is wrong */
        return usage_try_help();
    }
}

static int read_option(struct options *options, int option)
{
    switch (option) {
    case OPTION_OUTPUT:
        options->output = optarg;
        return -1;
    case OPTION_CRASH:
        options->crash = true;
        return -1;
    case OPTION_HELP:
        return usage_help(help);
    default:
        return read_value(options, option);
    }
}

/* What was not said depends on whether there are paths. */
static void set_defaults(struct options *options, bool with_paths)
{
    static char *image_paths[] = {"/usr/share", NULL}, *text_paths[] = {"/usr/include", NULL};
    if (!with_paths)
        options->paths = options->texts ? text_paths : image_paths;
    if (options->make == UNSET)
        options->make = with_paths || options->texts ? 0 : 400;
    if (options->limit == UNSET)
        options->limit = with_paths ? LONG_MAX : 400;
}

int options_read(struct options *options, int argc, char **argv)
{
    int option, status;
    *options = (struct options){.way = WAY_POOL,
                                .samples = 8,
                                .make = UNSET,
                                .limit = UNSET,
                                .seed = 1,
                                .max_pixels = (size_t)16 << 20,
                                .item_timeout = 10,
                                .paths = argv};
    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1)
        if ((status = read_option(options, option)) >= 0)
            return status;
    if (options->texts && options->make > 0)
        return usage_error("--make is for images: no texts are made here");
    options->paths = argv + optind;
    set_defaults(options, optind < argc);
    return -1;
}
