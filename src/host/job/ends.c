/* Runs in the host, with the lock held. Keeps the counts of a job in step with the errors that it
 * gets, so that every item has exactly one end. */
#include "host/job/ends.h"

#include <errno.h>

#include "host/job/fold.h"
#include "host/job/job.h"
#include "host/job/queue.h"
#include "host/job/report.h"
#include "host/job/window.h"
#include "host/pool.h"

const pool_error_t pool__undelivered = {.kind = POOL_CANCELLED,
                                        .code = -ECANCELED,
                                        .message = "the pool has become smaller",
                                        .worker = -1};

const pool_error_t pool__overwritten = {.kind = POOL_CORRUPT,
                                        .code = -EBADMSG,
                                        .message = "the worker's account was overwritten",
                                        .worker = -1,
                                        .attempt = 1};

void pool__item_failed(struct pool_future *job, const pool_error_t *error)
{
    job->failed++;
    job->ended++;
    pool__queue_advanced(job);
    pool__window_mark(job, error->index, error);
    if (job->window)
        return;
    pool_error_t reported = *error;
    reported.index += job->options.first;
    pool__report_add(&job->report, &reported);
}

void pool__items_failed(struct pool_future *job, uint64_t from, uint64_t to, pool_error_t error)
{
    const struct pool__report *report = &job->report;
    bool kept = true; /* not when memory has run out */
    for (; from < to && (job->window || (report->count < POOL_ERRORS_MAX && kept)); from++) {
        size_t dropped = report->dropped;
        error.index = from;
        pool__item_failed(job, &error);
        kept = report->dropped == dropped;
    }
    if (from < to)
        pool__queue_advanced(job);
    /* Counted at once, not one by one: a range may have any number of items. */
    job->failed += to - from;
    job->ended += to - from;
    job->report.dropped += to - from;
}

void pool__lose_items(struct pool_future *job, uint64_t from, uint64_t to, unsigned attempt)
{
    const pool_t *pool = job->pool;
    if (from >= to)
        return;
    if (job->status == 0)
        job->status = pool->broken ? POOL_EBROKEN : POOL_ECLOSED;
    pool_error_t error = {.kind = POOL_LOST,
                          .code = job->status,
                          .message = pool->broken ? pool->why : "",
                          .worker = -1,
                          .attempt = attempt};
    pool__items_failed(job, from, to, error);
}

bool pool__take_rest(struct pool_future *job, uint64_t *from, uint64_t *to)
{
    if (job->given == job->in.count)
        return false;
    *from = job->given;
    *to = job->in.count;
    if (job->fold)
        pool__fold_take_rest(job, from, to);
    job->given += *to - *from;
    return true;
}

void pool__run_failed(struct pool_future *job, uint64_t first, uint64_t *taken, uint64_t ended,
                      pool_error_t error)
{
    error.index = first + *taken;
    if (*taken + 1 == ended)
        pool__item_failed(job, &error);
    else if (*taken < ended)
        pool__items_failed(job, error.index, first + ended, error);
    *taken = ended > *taken ? ended : *taken;
}
