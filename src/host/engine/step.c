/* Runs in the host, with the lock held: one step of a pool. A step hears the supervisor, collects
 * what workers have committed, looks after time limits, gives out items and ends jobs. It never
 * waits for a worker, and leaves callbacks to notify.c. */
#include "host/engine/step.h"

#include "common/board.h"
#include "common/clock.h"
#include "host/engine/alarm.h"
#include "host/engine/bell.h"
#include "host/engine/give.h"
#include "host/engine/notify.h"
#include "host/engine/stop.h"
#include "host/engine/waiter.h"
#include "host/job/ends.h"
#include "host/job/fold.h"
#include "host/job/job.h"
#include "host/job/queue.h"
#include "host/job/report.h"
#include "host/pool.h"
#include "host/process/link.h"
#include "host/process/members.h"
#include "host/transport/transport.h"

enum { TICK = 1000000000 }; /* nanoseconds between looks at the whole board */

/* ---- What the supervisor says ---- */

static void on_loss(pool_t *pool)
{
    pool__forget_channels(pool);
    pool->transport->abandon(pool);
    pool__queue_all_advanced(&pool->queue);
    pool__wake_driver(pool);
}

void pool__hear(pool_t *pool)
{
    struct pool__event event;
    while (pool__link_next(pool, &event))
        if (event.kind == POOL__DIED_EVENT)
            pool->transport->died(pool, &event.death);
        else
            on_loss(pool);
}

/* ---- Jobs ---- */

/* A caller that only submits collects too, so that there is always room for more chunks: when half of
 * all that there can be are out, since each look has its cost. */
static void collect_some(pool_t *pool)
{
    if (pool->transport->outstanding(pool) >= POOL__CHUNKS / 2)
        pool->transport->collect(pool);
}

void pool__submit(pool_t *pool, struct pool_future *job)
{
    pool__queue_add(&pool->queue, job);
    /* The supervisor recalls idle workers for the job, and tells of them by the channel. Reading
     * the channel keeps room in it. */
    if (pool->launch.options.idle_timeout)
        pool__hear(pool);
    collect_some(pool);
    pool__tend(pool);
    pool__finish_silent(pool);
    if (!pool->look_at) /* the caller may only poll from now on */
        pool->look_at = pool__now() + TICK;
    pool__look_sooner(pool);
    pool__attend(pool);
}

static void end_job(pool_t *pool, struct pool_future *job)
{
    job->done = true;
    if (job->fold)
        pool__fold_end(job);
    pool__report_sort(&job->report);
    pool__queue_end(&pool->queue, job);
    if (!pool->queue.count)
        pool->transport->trim(pool);
}

/* Ends the items that were not given out, and will not be, as lost: the pool is gone, or the job
 * has a status that ends it. Does nothing while a chunk of the job is outstanding. The items of an
 * iterator that were not given out count as if the source had ended before them. */
static void lose_rest(pool_t *pool, struct pool_future *job)
{
    if (job->given == job->in.count || job->chunks > 0)
        return;
    if (pool->phase == POOL__GONE_PHASE && job->status == 0)
        job->status = pool->broken ? POOL_EBROKEN : POOL_ECLOSED;
    if (job->status == 0)
        return;
    uint64_t from, to;
    if (job->window)
        job->in.count = job->given;
    while (pool__take_rest(job, &from, &to))
        pool__lose_items(job, from, to, 0);
}

/* Stops the job if its time is up, and kills its workers if they had their grace. */
static void watch_time(pool_t *pool, struct pool_future *job, uint64_t now)
{
    bool late = job->deadline && now >= job->deadline;
    bool over = job->kill_at && now >= job->kill_at;
    pool__queue_time(&pool->queue, job, late ? 0 : job->deadline, over ? 0 : job->kill_at);
    if (late)
        pool__stop(pool, job, POOL_TIMED_OUT, true);
    else if (over)
        pool__stop(pool, job, job->stopped, true);
}

/* Stops the job if one of its items has failed and no other should start, or if its merge function
 * has failed. */
static void watch_ends(pool_t *pool, struct pool_future *job)
{
    bool failed = job->options.fail_fast && job->failed;
    failed |= job->fold && pool__fold_merge(job);
    if (failed && !job->stopped)
        pool__stop(pool, job, POOL_CANCELLED, false);
}

/* Looks at a job that has advanced: it may have ended, want a chunk, or have news for threads that
 * wait. */
static void look_at(pool_t *pool, struct pool_future *job)
{
    watch_ends(pool, job);
    lose_rest(pool, job);
    pool__queue_report(&pool->queue, job);
    if (job->window)
        pool__announce_job(pool, job);
    if (job->advanced)
        return; /* it has advanced again here, and is looked at again */
    if (job->ended == job->in.count)
        end_job(pool, job);
    else if (job->given < job->in.count)
        pool__queue_want(&pool->queue, job);
}

/* Giving out makes jobs advance too: items that cannot be placed fail, and sources end. */
void pool__tend(pool_t *pool)
{
    do {
        struct pool_future *job;
        while ((job = pool__queue_take_advanced(&pool->queue)))
            look_at(pool, job);
        pool__fill(pool);
    } while (pool->queue.advanced.first);
}

/* Compares the whole board with the account once in TICK, however many steps there are in
 * between. */
static void tick(pool_t *pool, uint64_t now)
{
    bool due = pool->look_at && now >= pool->look_at;
    if (due) {
        pool->transport->audit(pool);
        pool__queue_let_on(&pool->queue);
    }
    if (!pool->queue.count)
        pool->look_at = 0;
    else if (due || !pool->look_at)
        pool->look_at = now + TICK;
}

void pool__let_leave(pool_t *pool)
{
    if (pool->phase != POOL__CLOSED_PHASE || pool->queue.count ||
        atomic_load(&pool->board->closing))
        return;
    atomic_store(&pool->board->closing, 1);
    pool->transport->close(pool);
}

static void step(pool_t *pool)
{
    uint64_t now = pool__now();
    struct pool_future *job;
    pool__hear(pool);
    pool->transport->collect(pool);
    tick(pool, now);
    while ((job = pool__queue_due(&pool->queue, now)))
        watch_time(pool, job, now);
    pool__tend(pool);
    pool__let_leave(pool);
}

void pool__leave_worker(pool_t *pool)
{
    if (pool->transport->leave && pool->transport->leave(pool))
        pool__wake_driver(pool);
}

void pool__work(pool_t *pool)
{
    step(pool);
    if (!pool->transport->run_here)
        return;
    if (pool->transport->run_here(pool))
        step(pool);
    pool__leave_worker(pool);
    if (pool->epoll >= 0)
        pool__silence(pool);
}
