/* Runs in the host, with the lock held. Decides which job gets the next chunk, and when a job has
 * enough of them outstanding. It has the transport make the chunk. It never waits for a worker. */
#include "host/engine/give.h"

#include <errno.h>

#include "common/board.h"
#include "host/engine/waiter.h"
#include "host/job/ends.h"
#include "host/job/fold.h"
#include "host/job/job.h"
#include "host/job/queue.h"
#include "host/job/size.h"
#include "host/job/source.h"
#include "host/job/window.h"
#include "host/pool.h"
#include "host/transport/transport.h"

/* Ends the job's next item, of which no chunk can be made. */
static void fail_item(const pool_t *pool, struct pool_future *job)
{
    pool_error_t error = pool->unplaceable;
    pool__source_used(job);
    error.index = job->fold ? pool__fold_skip(job) : job->given;
    job->given++;
    pool__item_failed(job, &error);
}

/* Lets no further item of the job be given out. */
static void fail_job(struct pool_future *job, int status)
{
    job->status = status;
    pool__queue_advanced(job);
}

/* The source has no more items. */
static void end_source(struct pool_future *job)
{
    job->in.count = job->given;
    pool__queue_advanced(job);
}

/* Whether the job is a broadcast and its next item is for a worker that the pool no longer has. */
static bool is_undeliverable(const pool_t *pool, const struct pool_future *job)
{
    return job->broadcast && job->given >= (size_t)atomic_load(&pool->board->processes);
}

static void return_item(struct pool_future *job)
{
    pool_error_t error = pool__undelivered;
    error.index = job->given++;
    pool__item_failed(job, &error);
}

/* Makes a chunk of the job's next items and publishes it, or fails the next item if no chunk can be
 * made of it. Returns false when neither can be done now, and the job should be asked again when a
 * chunk has come back. */
static bool give_one(pool_t *pool, struct pool_future *job)
{
    if (is_undeliverable(pool, job)) {
        return_item(job);
        return true;
    }
    switch (pool->transport->put(pool, job)) {
    case POOL__PLACED:
        return true;
    case POOL__NO_ROOM_NOW:
        return false;
    case POOL__NO_MORE:
        end_source(job);
        return true;
    case POOL__NO_CARRY:
        fail_job(job, -ENOMEM);
        return true;
    default:
        fail_item(pool, job);
        return true;
    }
}

/* Whether one more chunk of the job should be given out now. The job's window, mailbox or blocks
 * must have room. Then one chunk for each worker, and one more, are given out in any case. Beyond
 * these the budget and the limit of chunks ahead decide. */
static bool wants_more(const pool_t *pool, struct pool_future *job)
{
    uint32_t workers = (uint32_t)pool->board->processes;
    if (job->given == job->in.count || job->status < 0 || job->stopped ||
        pool->phase == POOL__GONE_PHASE)
        return false;
    if (job->window && (pool__window_room(job) == 0 || pool__window_fit(job, 1) == 0))
        return false;
    if (job->broadcast)
        return is_undeliverable(pool, job) || pool->transport->room(pool, job);
    if (job->fold && (pool__fold_goes_on(job) || !pool__fold_may_begin(job)))
        return pool__fold_goes_on(job);
    uint64_t held = job->fold ? pool__fold_ahead(job) : job->chunks;
    if (held <= workers)
        return true;
    return pool->transport->room(pool, job) &&
           (job->options.chunksize || job->chunks < pool__chunks_ahead(job, workers));
}

/* The job leaves its turn to others. A broadcast that waits for a mailbox is asked again when that
 * may be empty, any other job when a chunk of its own has come back. */
static void pass_over(pool_t *pool, struct pool_future *job)
{
    bool held_up = job->broadcast && job->given < job->in.count && !job->stopped;
    pool__queue_unwant(&pool->queue, job);
    if (held_up)
        pool__queue_hold_up(&pool->queue, job);
}

/* Gives out chunks, one of each job in turn, until no job wants one or there is no room for the next.
 * Then the jobs behind it wait too: they must not keep it from ever having room. */
void pool__fill(pool_t *pool)
{
    bool any = false;
    struct pool_future *job;
    while ((job = pool__queue_first(&pool->queue))) {
        if (!wants_more(pool, job)) {
            pass_over(pool, job);
            continue;
        }
        if (!give_one(pool, job))
            break;
        pool__queue_turn(&pool->queue, job);
        any = true;
    }
    if (any && pool->transport->wake(pool))
        pool__wake_driver(pool);
}
