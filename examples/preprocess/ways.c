/* One job done in three ways. The pool's comes first, the other two are there to be compared. */
#define _POSIX_C_SOURCE 200809L
#include "ways.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"

/* The first file is the one that may have to crash. */
static void crash_if_asked(const struct crew *crew, size_t i)
{
    if (crew->crash && i == 0)
        raise(SIGSEGV);
}

/* ---- In worker processes ------------------------------------------------------------------- */

/* What a worker keeps from file to file. */
struct desk {
    const struct crew *crew;
    struct scratch scratch;
};

/* Runs in each worker before its first file. */
static int start_worker(void *initargs, void **state, pool_task_t *task)
{
    const struct crew *crew = initargs;
    struct desk *desk = malloc(sizeof(*desk));
    if (!desk)
        return pool_fail(task, ENOMEM, "no memory for the buffers");
    desk->crew = crew;
    scratch_init(&desk->scratch, crew->max_bytes);
    *state = desk;
    return 0;
}

/* Runs in each worker after its last file. */
static void end_worker(void *state)
{
    struct desk *desk = state;
    scratch_fini(&desk->scratch);
    free(desk);
}

/* Runs in a worker: turns a path into a document. */
static int preprocess_file(const void *item, void *result, pool_task_t *task)
{
    const char *const *path = item;
    struct desk *desk = pool_task_state(task);
    struct problem problem = {0};
    crash_if_asked(desk->crew, pool_task_index(task));
    if (document_make(*path, &desk->scratch, result, &problem))
        return 0;
    return pool_fail(task, (int)problem.status, "%s", problem.detail);
}

/* Says how the worker ended that was working on a file. */
static void describe_death(const pool_error_t *error, struct problem *problem)
{
    size_t room = sizeof(problem->detail);
    const char *colon = error->message[0] != '\0' ? ": " : "";

    problem->status = STATUS_WORKER_DIED;
    if (error->kind == POOL_CRASHED)
        snprintf(problem->detail, room, "%s%s%s", strsignal(error->code), colon, error->message);
    else if (error->kind == POOL_EXITED)
        snprintf(problem->detail, room, "exit status %d", error->code);
    else
        snprintf(problem->detail, room, "code %d%s%s", error->code, colon, error->message);
}

/* Turns what the pool says of a failed file into a problem. */
static void take_error(const pool_error_t *error, struct batch *batch)
{
    size_t place = error->index - batch->first;
    struct problem *problem = &batch->problems[place];
    bool ours = error->kind == POOL_FAILED && error->code > STATUS_OK && error->code < STATUS_COUNT;

    memset(&batch->documents[place], 0, sizeof(*batch->documents));
    if (ours) {
        problem->status = (enum status)error->code;
        snprintf(problem->detail, sizeof(problem->detail), "%s", error->message);
    } else {
        describe_death(error, problem);
    }
}

static int run_pool(struct crew *crew, struct batch *batch)
{
    const pool_error_t *errors;
    const pool_map_options_t options = {.first = batch->first};
    int failed = pool_map_with(crew->pool, preprocess_file, POOL_IN(batch->paths, batch->count),
                               POOL_OUT(batch->documents), &options);
    if (failed < 0)
        return failed;
    size_t count = pool_errors(crew->pool, &errors);
    for (size_t i = 0; i < count; i++)
        take_error(&errors[i], batch);
    return 0;
}

/* ---- In this process: one after the other, and in threads ---------------------------------- */

/* What threads share. Thread t has scratch t of the crew. */
struct shift {
    struct crew *crew;
    struct batch *batch;
};

static void process_file(void *context, int thread, size_t i)
{
    const struct shift *shift = context;
    struct document *document = &shift->batch->documents[i];
    crash_if_asked(shift->crew, shift->batch->first + i);
    if (!document_make(shift->batch->paths[i], &shift->crew->scratches[thread], document,
                       &shift->batch->problems[i]))
        memset(document, 0, sizeof(*document));
}

int way_run(enum way way, struct crew *crew, struct batch *batch)
{
    memset(batch->problems, 0, batch->count * sizeof(*batch->problems));
    if (way == WAY_POOL)
        return run_pool(crew, batch);
    struct shift shift = {crew, batch};
    int threads = way == WAY_THREADS ? crew->processes : 1;
    return way_run_threads(threads, batch->count, process_file, &shift);
}

/* ---- What they work with ------------------------------------------------------------------- */

static int make_pool(struct crew *crew)
{
    pool_options_t options = {.processes = crew->processes,
                              .initializer = start_worker,
                              .initargs = crew,
                              .finalizer = end_worker};
    double start = clock_seconds();
    int code = pool_create(&crew->pool, &options);
    crew->pool_seconds = clock_seconds() - start;
    return code;
}

int crew_init(struct crew *crew, int processes, size_t max_bytes, bool with_pool, bool crash)
{
    *crew = (struct crew){.max_bytes = max_bytes, .crash = crash};
    crew->processes = processes > 0 ? processes : pool_cpu_count();
    int code = with_pool ? make_pool(crew) : 0;
    if (code < 0)
        return code;
    crew->scratches = calloc((size_t)crew->processes, sizeof(*crew->scratches));
    if (!crew->scratches) {
        crew_fini(crew);
        return -ENOMEM;
    }
    for (int i = 0; i < crew->processes; i++)
        scratch_init(&crew->scratches[i], max_bytes);
    return 0;
}

void crew_fini(struct crew *crew)
{
    double start = clock_seconds();
    pool_free(crew->pool);
    if (crew->pool)
        crew->pool_seconds += clock_seconds() - start;
    crew->pool = NULL;
    for (int i = 0; i < crew->processes && crew->scratches; i++)
        scratch_fini(&crew->scratches[i]);
    free(crew->scratches);
    crew->scratches = NULL;
}
