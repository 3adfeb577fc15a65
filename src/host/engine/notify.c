/* Runs in the host: makes the callbacks of jobs. The lock is released while a callback runs, so the
 * callback may use the library, except for calls that wait. `calling` is set meanwhile, so no
 * second callback of the pool runs beside it. */
#include "host/engine/notify.h"

#include <pthread.h>

#include "common/clock.h"
#include "host/base/inside.h"
#include "host/engine/bell.h"
#include "host/engine/home.h"
#include "host/job/job.h"
#include "host/job/queue.h"
#include "host/pool.h"

bool pool__in_callback(const pool_t *pool)
{
    return pool->calling && pthread_equal(pool->caller, pthread_self());
}

static void release_lock(pool_t *pool)
{
    pool->calling = true;
    pool->caller = pthread_self();
    pool__step_out(pool);
}

static void regain_lock(pool_t *pool)
{
    pool__step_in(pool);
    pool->calling = false;
}

typedef void (*callback_t)(pool_future_t *future, void *context);

/* The callback that the caller set for the way in which the job has ended; NULL: none. */
static callback_t last_callback(const struct pool_future *job)
{
    bool bad = job->failed || job->status < 0;
    return bad ? job->options.error_callback : job->options.callback;
}

/* Makes the job's last callback, if there is one, and ends the job. The pool does not use the job
 * afterwards. */
static void call_back(pool_t *pool, struct pool_future *job)
{
    callback_t callback = last_callback(job);
    if (callback) {
        release_lock(pool);
        callback(job, job->options.context);
        regain_lock(pool);
    }
    job->callback_done = true;
    pool->unfinished--;
    pool__announce(pool);
    if (job->freed)
        pool__job_free(job);
}

static void report_progress(pool_t *pool, struct pool_future *job)
{
    double seconds = (double)(pool__now() - job->began) / 1e9;
    pool_progress_t progress = {.done = job->ended,
                                .failed = job->failed,
                                .total = job->in.count,
                                .rate = seconds > 0 ? (double)job->ended / seconds : 0};
    job->reported = job->ended;
    release_lock(pool);
    job->options.progress(job->options.context, &progress);
    regain_lock(pool);
}

/* Takes the oldest job whose last callback is due out of its list; NULL: none. Where callbacks are
 * made elsewhere, it takes only a job that has none to make. */
static struct pool_future *take_finished(pool_t *pool)
{
    struct pool_future **link = &pool->finished, *job;
    while (*link && pool__calls_elsewhere(pool) &&
           (pool__has_progress(*link) || last_callback(*link)))
        link = &(*link)->next;
    job = *link;
    if (job) {
        *link = job->next;
        job->next = NULL;
    }
    return job;
}

void pool__make_calls(pool_t *pool)
{
    struct pool_future *job;
    if (pool->calling)
        return;
    do { /* while a callback runs, another thread may find that a job has ended */
        while (!pool__calls_elsewhere(pool) && (job = pool__with_progress(pool)))
            report_progress(pool, job);
        job = take_finished(pool);
        if (job)
            call_back(pool, job);
    } while (job);
}
