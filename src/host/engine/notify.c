/* Runs in the host: makes the callbacks of jobs. The lock is released while a callback runs, so the
 * callback may use the library, except for calls that wait. `calling` is set meanwhile, so no
 * second callback of the pool runs beside it. */
#include "host/engine/notify.h"

#include <pthread.h>

#include "common/clock.h"
#include "host/base/inside.h"
#include "host/engine/home.h"
#include "host/engine/waiter.h"
#include "host/job/job.h"
#include "host/job/queue.h"
#include "host/job/watch.h"
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

/* Ends the job, whose last callback has been made. The pool does not use the job afterwards. */
static void finish(pool_t *pool, struct pool_future *job)
{
    job->callback_done = true;
    pool->queue.unfinished--;
    pool__watched_ended(job);
    pool__announce_job(pool, job);
    if (pool->queue.unfinished == 0)
        pool__announce(pool);
    if (job->freed)
        pool__job_free(&pool->queue, job);
}

static void call_back(pool_t *pool, struct pool_future *job)
{
    pool__callback_t callback = pool__last_callback(job);
    if (callback) {
        release_lock(pool);
        callback(job, job->options.context);
        regain_lock(pool);
    }
    finish(pool, job);
}

static void report_progress(pool_t *pool, struct pool_future *job)
{
    double seconds = (double)(pool__now() - job->began) / 1e9;
    pool_progress_t progress = {.done = job->ended,
                                .failed = job->failed,
                                .total = job->in.count,
                                .rate = seconds > 0 ? (double)job->ended / seconds : 0};
    job->reported = job->ended;
    job->reporting = true; /* so the job is not over before the callback is */
    release_lock(pool);
    job->options.progress(job->options.context, &progress);
    regain_lock(pool);
    job->reporting = false;
    pool__queue_report(&pool->queue, job);
}

void pool__finish_silent(pool_t *pool)
{
    struct pool_future *job;
    while ((job = pool__queue_take_ended(&pool->queue, false)))
        finish(pool, job);
}

/* Where callbacks are made elsewhere, this thread finishes only jobs that have none. */
void pool__make_calls(pool_t *pool)
{
    struct pool_future *job;
    if (pool->calling)
        return;
    do { /* while a callback runs, another thread may find that a job has ended */
        while (!pool__calls_elsewhere(pool) && (job = pool__queue_take_reporting(&pool->queue)))
            report_progress(pool, job);
        job = pool__queue_take_ended(&pool->queue, !pool__calls_elsewhere(pool));
        if (job)
            call_back(pool, job);
    } while (job);
}
