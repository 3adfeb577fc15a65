/* The work in a pool: the host takes the samples in the order of the files while workers go on. */
#define _DEFAULT_SOURCE 1
#include "way_pool.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vary.h"

/* Bytes of samples on the way to the host. They are taken soon, so a few megabytes are enough, and memory
 * that is used again and again stays in the processor's cache. */
enum { BUDGET = 4 << 20 };

/* What the workers are given. They are copies of the host, and have the crew and the sources as these were
 * when the pool was made. */
struct given {
    const struct crew *crew;
    pid_t host;
    /* In memory that all processes share: why a file is bad, for each. See last_words_make(). */
    char (*last_words)[REASON];
};

/* ---- What the library does not do ---- */

/* By hand: a worker that calls exit() takes with it what it said by pool_fail(). So reasons are written
 * here, where the host can still read them. */
static int last_words_make(struct given *given)
{
    size_t size = (given->crew->sources->count + 1) * REASON;
    void *memory =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return -errno;
    given->last_words = memory;
    return 0;
}

static void last_words_free(struct given *given)
{
    if (given->last_words)
        munmap(given->last_words, (given->crew->sources->count + 1) * REASON);
}

/* By hand: the library has no limit of time for an item. A worker gives itself `seconds` from now on; with
 * 0 it takes the limit away. When the time is over, the signal SIGALRM ends the worker. explain() tells
 * this from a crash. In a serial pool there is no worker, and no limit. */
static void limit_time(const struct given *given, int seconds)
{
    if (getpid() != given->host)
        alarm((unsigned)seconds);
}

/* ---- In worker processes ---- */

/* Runs in each worker before its first file. */
static int start_worker(void *initargs, void **state, pool_task_t *task)
{
    struct bench *bench = malloc(sizeof *bench);
    if (!bench)
        return pool_fail(task, ENOMEM, "no memory for the buffers");
    bench_init(bench);
    bench->given = initargs;
    *state = bench;
    return 0;
}

/* Runs in each worker after its last file. */
static void end_worker(void *state)
{
    bench_fini(state);
    free(state);
}

/* Runs in a worker: makes the samples of one file. In a serial pool, which has no processes, the
 * function runs in the host, which must not exit. */
static int vary_file(const void *item, void *result, pool_task_t *task)
{
    struct bench *bench = pool_task_state(task);
    const struct given *given = bench->given;
    struct source source = {.options = given->crew->options,
                            .sources = given->crew->sources,
                            .index = pool_task_index(task),
                            .seed = pool_task_seed(task),
                            .may_exit = getpid() != given->host};
    (void)item;
    source.reason = given->last_words[source.index];
    limit_time(given, source.options->item_timeout);
    bool good = vary(&source, bench, result);
    limit_time(given, 0);
    return good ? 0 : pool_fail(task, EINVAL, "%s", source.reason);
}

/* ---- In the host ---- */

static bool is_out_of_time(const pool_error_t *error)
{
    return error->kind == POOL_CRASHED && error->code == SIGALRM;
}

/* Tells why a file has no samples. */
static void explain(const struct given *given, const pool_error_t *error, struct ending *ending)
{
    if (is_out_of_time(error)) {
        snprintf(ending->reason, REASON, "out of time: not done in %d s",
                 given->crew->options->item_timeout);
        return;
    }
    switch (error->kind) {
    case POOL_FAILED:
        snprintf(ending->reason, REASON, "%s", error->message);
        return;
    case POOL_EXITED:
        snprintf(ending->reason, REASON, "%.*s", REASON - 1, given->last_words[error->index]);
        snprintf(ending->death, sizeof ending->death, "the worker called exit(%d)", error->code);
        break;
    default:
        pool_error_text(error, ending->death, sizeof ending->death);
    }
    if (ending->reason[0] == '\0')
        snprintf(ending->reason, REASON, "the worker died");
}

static int take_all(const struct given *given, pool_iterator_t *iterator, struct outcome *outcome)
{
    const struct crew *crew = given->crew;
    for (;;) {
        struct ending ending = {.outcome = outcome};
        int code = pool_next(iterator, outcome, -1);
        if (code == POOL_EITEM)
            explain(given, pool_next_error(iterator), &ending);
        else if (code != 1)
            return code;
        ending.index = pool_next_index(iterator);
        code = crew->take(crew->context, &ending);
        if (code < 0)
            return code;
    }
}

static int run(const struct given *given, pool_t *pool)
{
    const struct crew *crew = given->crew;
    const pool_source_t numbers = {.in = POOL_RANGE(crew->sources->count)};
    const pool_map_options_t options = {.seed = crew->options->seed};
    size_t size = outcome_size(crew->options);
    pool_out_t out = pool_out(NULL, size, &pool_type_plain);
    struct outcome *outcome = malloc(size);
    pool_iterator_t *iterator = NULL;
    int code = -ENOMEM;
    if (outcome)
        code = pool_imap(pool, vary_file, &numbers, out, &options, &iterator);
    if (code == 0)
        code = take_all(given, iterator, outcome);
    pool_iterator_free(iterator);
    free(outcome);
    return code;
}

int way_pool_run(const struct crew *crew)
{
    struct given given = {.crew = crew, .host = getpid()};
    const pool_options_t options = {.processes = crew->processes,
                                    .initializer = start_worker,
                                    .initargs = &given,
                                    .finalizer = end_worker,
                                    .budget = BUDGET};
    pool_t *pool = NULL;
    int code = last_words_make(&given);
    if (code == 0)
        code = pool_create(&pool, &options);
    if (code == POOL_EINIT)
        fprintf(stderr, "augment: in a worker: %s\n", pool_create_error());
    if (code == 0)
        code = run(&given, pool);
    pool_free(pool);
    last_words_free(&given);
    return code;
}
