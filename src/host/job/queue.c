/* Runs in the host, with the lock held. Owns the spare jobs, and finds jobs in the lists. It must
 * not run or end a job. */
#include "host/job/queue.h"

#include <stdlib.h>

#include "host/job/job.h"
#include "host/job/report.h"
#include "host/job/window.h"
#include "host/pool.h"

struct pool_future *pool__job_new(pool_t *pool)
{
    struct pool_future *job = pool->spare;
    if (!job)
        return malloc(sizeof *job);
    pool->spare = job->next;
    return job;
}

void pool__job_free(struct pool_future *job)
{
    pool__window_free(job);
    pool__report_clear(&job->report);
    job->window = NULL;
    job->freed = true;
    job->next = job->pool->spare;
    job->pool->spare = job;
}

bool pool__has_progress(const struct pool_future *job)
{
    return job->options.progress && job->reported != job->ended;
}

struct pool_future *pool__with_progress(const pool_t *pool)
{
    struct pool_future *job = pool->jobs;
    while (job && !pool__has_progress(job))
        job = job->next;
    if (!job)
        job = pool->finished;
    while (job && !pool__has_progress(job))
        job = job->next;
    return job;
}

bool pool__calls_due(const pool_t *pool)
{
    return !pool->calling && (pool__with_progress(pool) || pool->finished);
}

uint64_t pool__earliest(const pool_t *pool, uint64_t deadline)
{
    if (pool->look_at && pool->look_at < deadline)
        deadline = pool->look_at;
    if (pool->tell_at && pool->tell_at < deadline)
        deadline = pool->tell_at;
    for (const struct pool_future *job = pool->jobs; job; job = job->next) {
        if (job->deadline && job->deadline < deadline)
            deadline = job->deadline;
        if (job->kill_at && job->kill_at < deadline)
            deadline = job->kill_at;
    }
    return deadline;
}

bool pool__is_eager(const pool_t *pool)
{
    const struct pool_future *job = pool->jobs;
    return job && (job->next || job->window || job->options.progress);
}
