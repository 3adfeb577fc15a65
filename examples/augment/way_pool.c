/* The work in a pool: the host takes the samples in the order of the files while workers go on. */
#define _DEFAULT_SOURCE 1
#include "way_pool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vary.h"

/* What the workers get: they are copies of the host, with the crew and the sources as they are. */
struct shop {
    const struct crew *crew;
    pid_t host;
    /* In memory that all processes share: why a file is bad, for each. See last_words_make(). */
    char (*last_words)[REASON];
};

/* The buffers of a worker, and what it was told. */
struct place {
    struct bench bench;
    const struct shop *shop;
};

/* ---- By hand ---- */

/* A worker that calls exit() takes with it what it said by pool_fail(). So reasons are written here, where
 * the host can still read them. */
static int last_words_make(struct shop *shop)
{
    size_t size = (shop->crew->sources->count + 1) * REASON;
    void *memory =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return -errno;
    shop->last_words = memory;
    return 0;
}

static void last_words_free(struct shop *shop)
{
    if (shop->last_words)
        munmap(shop->last_words, (shop->crew->sources->count + 1) * REASON);
}

/* ---- In worker processes ---- */

/* Runs in each worker before its first file. */
static int start_worker(void *initargs, void **state, pool_task_t *task)
{
    struct place *place = malloc(sizeof *place);
    if (!place)
        return pool_fail(task, ENOMEM, "no memory for the buffers");
    bench_init(&place->bench);
    place->shop = initargs;
    *state = place;
    return 0;
}

/* Runs in each worker after its last file. */
static void end_worker(void *state)
{
    struct place *place = state;
    bench_fini(&place->bench);
    free(place);
}

/* Runs in a worker: makes the samples of one file. In a serial pool, which has no processes, the
 * function runs in the host, which must not exit. */
static int vary_file(const void *item, void *result, pool_task_t *task)
{
    struct place *place = pool_task_state(task);
    const struct shop *shop = place->shop;
    struct task file = {.options = shop->crew->options,
                        .sources = shop->crew->sources,
                        .index = pool_task_index(task),
                        .seed = pool_task_seed(task),
                        .may_exit = getpid() != shop->host};
    (void)item;
    file.reason = shop->last_words[file.index];
    if (vary(&file, &place->bench, result))
        return 0;
    return pool_fail(task, EINVAL, "%s", file.reason);
}

/* ---- In the host ---- */

/* Tells why a file has no samples. */
static void explain(const struct shop *shop, const pool_error_t *error, struct ending *ending)
{
    switch (error->kind) {
    case POOL_FAILED:
        snprintf(ending->reason, REASON, "%s", error->message);
        return;
    case POOL_EXITED:
        snprintf(ending->reason, REASON, "%.*s", REASON - 1, shop->last_words[error->index]);
        snprintf(ending->death, sizeof ending->death, "the worker called exit(%d)", error->code);
        break;
    default:
        pool_error_text(error, ending->death, sizeof ending->death);
    }
    if (ending->reason[0] == '\0')
        snprintf(ending->reason, REASON, "the worker died");
}

static int take_all(const struct shop *shop, pool_iterator_t *iterator, struct outcome *outcome)
{
    const struct crew *crew = shop->crew;
    for (;;) {
        struct ending ending = {.outcome = outcome};
        int code = pool_next(iterator, outcome, -1);
        if (code == POOL_EITEM)
            explain(shop, pool_next_error(iterator), &ending);
        else if (code != 1)
            return code;
        ending.index = pool_next_index(iterator);
        code = crew->take(crew->context, &ending);
        if (code < 0)
            return code;
    }
}

static int run(const struct shop *shop, pool_t *pool)
{
    const struct crew *crew = shop->crew;
    const pool_source_t source = {.in = POOL_RANGE(crew->sources->count)};
    const pool_map_options_t options = {.seed = crew->options->seed};
    size_t size = outcome_size(crew->options);
    pool_out_t place = pool_out(NULL, size, &pool_type_plain);
    struct outcome *outcome = malloc(size);
    pool_iterator_t *iterator = NULL;
    int code = -ENOMEM;
    if (outcome)
        code = pool_imap(pool, vary_file, &source, place, &options, &iterator);
    if (code == 0)
        code = take_all(shop, iterator, outcome);
    pool_iterator_free(iterator);
    free(outcome);
    return code;
}

int way_pool_run(const struct crew *crew)
{
    struct shop shop = {.crew = crew, .host = getpid()};
    const pool_options_t options = {.processes = crew->processes,
                                    .initializer = start_worker,
                                    .initargs = &shop,
                                    .finalizer = end_worker};
    pool_t *pool = NULL;
    int code = last_words_make(&shop);
    if (code == 0)
        code = pool_create(&pool, &options);
    if (code == POOL_EINIT)
        fprintf(stderr, "augment: in a worker: %s\n", pool_create_error());
    if (code == 0)
        code = run(&shop, pool);
    pool_free(pool);
    last_words_free(&shop);
    return code;
}
