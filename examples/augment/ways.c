/* The work in this process: one file after the other, or in threads. The files are done in windows, so
 * that the samples of a few hundred files are in memory, and are given on in the order of the files. */
#define _POSIX_C_SOURCE 200809L
#include "ways.h"

#include <errno.h>
#include <stdlib.h>

#include "vary.h"
#include "way_pool.h"

enum { WINDOW = 256 };

/* What threads share. Thread t has bench t. */
struct shift {
    const struct crew *crew;
    struct bench *benches;
    uint64_t *seeds; /* one for each file */
    struct ending *endings;
    unsigned char *outcomes; /* of `outcome_size` bytes each */
    size_t outcome_size;
    size_t first, count; /* files in the window */
};

/* ---- The seeds that a pool would give ---- */

static int tell_seed(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    *(uint64_t *)result = pool_task_seed(task);
    return 0;
}

/* By hand: the library tells a seed only to the function that works on the item. A serial pool, which has
 * no processes, tells the seeds that any pool gives its items. */
static int seeds_ask(const struct crew *crew, uint64_t *seeds)
{
    const pool_options_t options = {.serial = true};
    const pool_map_options_t with_seed = {.seed = crew->options->seed};
    pool_t *pool;
    int code = pool_create(&pool, &options);
    if (code < 0)
        return code;
    code = pool_map_with(pool, tell_seed, POOL_RANGE(crew->sources->count), POOL_OUT(seeds),
                         &with_seed);
    pool_free(pool);
    return code;
}

/* ---- The work ---- */

static struct outcome *outcome_of(const struct shift *shift, size_t number)
{
    return (void *)(shift->outcomes + number * shift->outcome_size);
}

static void vary_file(void *context, int thread, size_t number)
{
    const struct shift *shift = context;
    struct ending *ending = &shift->endings[number];
    struct outcome *outcome = outcome_of(shift, number);
    struct source source = {.options = shift->crew->options,
                            .sources = shift->crew->sources,
                            .index = shift->first + number,
                            .seed = shift->seeds[shift->first + number],
                            .reason = ending->reason};
    *ending = (struct ending){.index = source.index, .outcome = outcome};
    outcome->check = outcome->size = 0;
    vary(&source, &shift->benches[thread], outcome);
}

/* Gives on what was made of the files in the window. */
static int take_window(const struct shift *shift)
{
    int code = 0;
    for (size_t i = 0; code == 0 && i < shift->count; i++)
        code = shift->crew->take(shift->crew->context, &shift->endings[i]);
    return code;
}

static int run(struct shift *shift)
{
    size_t all = shift->crew->sources->count;
    for (size_t first = 0; first < all; first += WINDOW) {
        shift->first = first;
        shift->count = all - first < WINDOW ? all - first : WINDOW;
        int code = way_run_threads(shift->crew->processes, shift->count, vary_file, shift);
        if (code == 0)
            code = take_window(shift);
        if (code < 0)
            return code;
    }
    return 0;
}

static int shift_init(struct shift *shift, const struct crew *crew)
{
    *shift = (struct shift){.crew = crew,
                            .benches = calloc((size_t)crew->processes, sizeof *shift->benches),
                            .seeds = calloc(crew->sources->count + 1, sizeof *shift->seeds),
                            .endings = calloc(WINDOW, sizeof *shift->endings),
                            .outcome_size = outcome_size(crew->options)};
    shift->outcomes = calloc(WINDOW, shift->outcome_size);
    if (!shift->benches || !shift->seeds || !shift->endings || !shift->outcomes)
        return -ENOMEM;
    for (int i = 0; i < crew->processes; i++)
        bench_init(&shift->benches[i]);
    return seeds_ask(crew, shift->seeds);
}

static void shift_fini(struct shift *shift)
{
    for (int i = 0; i < shift->crew->processes && shift->benches; i++)
        bench_fini(&shift->benches[i]);
    free(shift->benches);
    free(shift->seeds);
    free(shift->endings);
    free(shift->outcomes);
}

int ways_run(const struct crew *crew)
{
    struct shift shift;
    if (crew->options->way == WAY_POOL)
        return way_pool_run(crew);
    int code = shift_init(&shift, crew);
    if (code == 0)
        code = run(&shift);
    shift_fini(&shift);
    return code;
}
