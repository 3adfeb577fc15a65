#define _POSIX_C_SOURCE 200809L
#include "crew.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/time.h>
#include <unistd.h>

#include "common/clock.h"
#include "interrupt.h"
#include "trial.h"

/* Runs in workers, threads and the host alike. */
static int run_job(const struct crew *crew, const struct job *job, struct fold *fold)
{
    double start = clock_seconds();
    if (job->crash)
        raise(SIGSEGV);
    int code =
        trial_score(crew->study, crew->data, job->trial, job->epochs, job->fold, &fold->accuracy);
    fold->seconds = clock_seconds() - start;
    return code;
}

/* ---- In worker processes ---- */

/* By hand: one argument for all items. Runs in each worker before its first item. All items need the
 * samples: each worker has a copy of the host's memory, and so the crew with the samples in it. */
static int start_worker(void *initargs, void **state, pool_task_t *task)
{
    (void)task;
    *state = initargs;
    return 0;
}

/* By hand: a time limit for each item. Lets SIGALRM end this worker after so many seconds of wall time; 0
 * takes the limit away. The pool then says that the item crashed with SIGALRM. The function does nothing in a serial pool (PROCPOOL_SERIAL=1), where the worker is the
 * host itself. */
static void limit_item_time(const struct crew *crew, double seconds)
{
    struct itimerval timer = {.it_value = {.tv_sec = (time_t)seconds}};
    timer.it_value.tv_usec = (suseconds_t)((seconds - (double)timer.it_value.tv_sec) * 1e6);
    if (crew->fold_limit <= 0 || getpid() == crew->host)
        return;
    signal(SIGALRM, SIG_DFL);
    setitimer(ITIMER_REAL, &timer, NULL);
}

/* Runs in a worker: one item. */
static int run_item(const void *item, void *result, pool_task_t *task)
{
    const struct crew *crew = pool_task_state(task);
    const struct job *job = item;
    if (atomic_load(job->late))
        return pool_fail(task, ETIME, "not needed");
    limit_item_time(crew, crew->fold_limit);
    int code = run_job(crew, job, result);
    limit_item_time(crew, 0);
    return code < 0 ? pool_fail(task, -code, "no memory to train in") : 0;
}

/* ---- In the host: the pool ---- */

static enum outcome outcome_of(const pool_error_t *error)
{
    if (error->kind == POOL_FAILED)
        return error->code == ETIME ? OUTCOME_OUT_OF_TIME : OUTCOME_FAILED;
    if (error->kind == POOL_CRASHED && error->code == SIGALRM)
        return OUTCOME_OUT_OF_TIME;
    return OUTCOME_CRASHED;
}

static int tell_error(const struct job *job, const pool_error_t *error, crew_told_t told,
                      void *context)
{
    char why[256];
    struct job_end end = {.job = job, .outcome = outcome_of(error), .why = "out of time"};
    if (end.outcome == OUTCOME_OUT_OF_TIME) {
        atomic_store(job->late, true);
    } else {
        pool_error_text(error, why, sizeof why);
        end.why = why;
    }
    return told(context, &end);
}

static int run_pool(struct crew *crew, const struct job *jobs, size_t count, crew_told_t told,
                    void *context)
{
    const pool_source_t source = {.in = POOL_IN(jobs, count)};
    const pool_map_options_t options = {.chunksize = 1};
    pool_iterator_t *iterator;
    struct fold fold;
    int code = pool_imap_unordered(crew->pool, run_item, &source, POOL_RESULT(struct fold),
                                   &options, &iterator);
    int got = 0;
    if (code < 0)
        return code;
    while (code == 0 && ((got = pool_next(iterator, &fold, -1)) == 1 || got == POOL_EITEM)) {
        const struct job *job = &jobs[pool_next_index(iterator)];
        struct job_end end = {.job = job, .outcome = OUTCOME_SCORED, .fold = fold};
        code = got == 1 ? told(context, &end)
                        : tell_error(job, pool_next_error(iterator), told, context);
    }
    pool_iterator_free(iterator);
    return code < 0 ? code : got;
}

/* ---- In the host: threads, of which one does all in order ---- */

struct shift {
    struct crew *crew;
    const struct job *jobs;
    crew_told_t told;
    void *context;
    pthread_mutex_t telling;
    atomic_int code; /* negative: begin nothing more */
};

static void run_in_thread(void *context, int thread, size_t number)
{
    struct shift *shift = context;
    struct job_end end = {.job = &shift->jobs[number], .outcome = OUTCOME_SCORED};
    (void)thread;
    if (interrupt_came())
        atomic_store(&shift->code, -EINTR);
    if (atomic_load(&shift->code) < 0)
        return;
    if (run_job(shift->crew, end.job, &end.fold) < 0) {
        end.outcome = OUTCOME_FAILED;
        end.why = "no memory to train in";
    }
    pthread_mutex_lock(&shift->telling);
    int code = shift->told(shift->context, &end);
    pthread_mutex_unlock(&shift->telling);
    if (code < 0)
        atomic_store(&shift->code, code);
}

static int run_threads(struct crew *crew, const struct job *jobs, size_t count, crew_told_t told,
                       void *context)
{
    struct shift shift = {.crew = crew, .jobs = jobs, .told = told, .context = context};
    pthread_mutex_init(&shift.telling, NULL);
    int code = way_run_threads(crew->processes, count, run_in_thread, &shift);
    pthread_mutex_destroy(&shift.telling);
    return code < 0 ? code : atomic_load(&shift.code);
}

int crew_run(struct crew *crew, const struct job *jobs, size_t count, crew_told_t told,
             void *context)
{
    if (crew->way == WAY_POOL)
        return run_pool(crew, jobs, count, told, context);
    return run_threads(crew, jobs, count, told, context);
}

/* ---- Beginning and end ---- */

int crew_start(struct crew *crew)
{
    crew->host = getpid();
    if (crew->way == WAY_SEQUENTIAL)
        crew->processes = 1;
    if (crew->processes == 0)
        crew->processes = pool_cpu_count();
    if (crew->way != WAY_POOL)
        return 0;
    const pool_options_t options = {
        .processes = crew->processes, .initializer = start_worker, .initargs = crew};
    int code = pool_create(&crew->pool, &options);
    if (code < 0)
        return code;
    crew->late = pool_shared_alloc(crew->pool, crew->study->trials, sizeof *crew->late);
    return crew->late ? 0 : -ENOMEM;
}

void crew_end(struct crew *crew)
{
    pool_free(crew->pool);
    crew->pool = NULL;
    crew->late = NULL;
}
