/* Runs in the host, with the lock held: one step of a pool. A step hears the supervisor, collects
 * what workers have committed, looks after time limits, gives out items and ends jobs. It never
 * waits for a worker, and leaves callbacks to notify.c. */
#include "host/engine/step.h"

#include "common/board.h"
#include "common/clock.h"
#include "host/engine/bell.h"
#include "host/engine/give.h"
#include "host/job/ends.h"
#include "host/job/fold.h"
#include "host/job/job.h"
#include "host/job/report.h"
#include "host/pool.h"
#include "host/process/link.h"
#include "host/process/members.h"
#include "host/transport/board/audit.h"
#include "host/transport/board/memory.h"
#include "host/transport/board/recall.h"
#include "host/transport/board/settle.h"
#include "host/transport/board/wake.h"
#include "host/transport/inline/inline.h"

enum { TICK = 1000000000 }; /* nanoseconds between looks at the whole board */

/* ---- What the supervisor says ---- */

/* What the worker committed before it died is collected first, while the account still has the
 * worker's pid. */
static void on_death(pool_t *pool, const struct pool__death *death)
{
    pool__collect(pool);
    pool__member_died(pool, death);
    pool__reconcile(pool, death);
}

static void on_loss(pool_t *pool)
{
    pool__forget_channels(pool);
    pool__give_up(pool);
    pool__wake_driver(pool);
}

void pool__hear(pool_t *pool)
{
    struct pool__event event;
    while (pool__link_next(pool, &event))
        if (event.kind == POOL__DIED_EVENT)
            on_death(pool, &event.death);
        else
            on_loss(pool);
}

/* ---- Jobs ---- */

void pool__submit(pool_t *pool, struct pool_future *job)
{
    struct pool_future **link = &pool->jobs;
    while (*link && (*link)->options.priority >= job->options.priority)
        link = &(*link)->next;
    job->next = *link;
    *link = job;
    pool->unfinished++;
    /* The supervisor recalls idle workers for the job, and tells of them by the channel. Reading
     * the channel keeps room in it. */
    if (pool->launch.options.idle_timeout)
        pool__hear(pool);
    pool__fill(pool);
    pool__wake_driver(pool); /* the job may have a deadline, or make the driver eager */
    pool__attend(pool);
}

/* Moves the job at `*link`, whose items have all ended, to the jobs whose last callback is due. */
static void end_job(pool_t *pool, struct pool_future **link)
{
    struct pool_future *job = *link;
    *link = job->next;
    job->next = NULL;
    job->done = true;
    if (job->fold)
        pool__fold_end(job);
    pool__report_sort(&job->report);
    link = &pool->finished;
    while (*link)
        link = &(*link)->next;
    *link = job;
    if (!pool->jobs)
        pool__trim(pool);
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
        pool__lose_items(job, from, to);
}

/* Stops the job if its time is up, if its workers are to be killed now, or if it has a failed item
 * and the option `fail_fast`. */
static void watch_time(pool_t *pool, struct pool_future *job, uint64_t now)
{
    if (job->deadline && now >= job->deadline) {
        job->deadline = 0;
        pool__stop(pool, job, POOL_TIMED_OUT, true);
    }
    if (job->kill_at && now >= job->kill_at) {
        job->kill_at = 0;
        pool__stop(pool, job, job->stopped, true);
    }
    if (job->options.fail_fast && job->failed && !job->stopped)
        pool__stop(pool, job, POOL_CANCELLED, false);
}

/* Compares the whole board with the account once in TICK, however many steps there are in
 * between. */
static void tick(pool_t *pool, uint64_t now)
{
    bool due = pool->look_at && now >= pool->look_at;
    if (due) {
        pool__reconcile(pool, NULL);
        pool__ask(pool);
    }
    if (!pool->jobs)
        pool->look_at = 0;
    else if (due || !pool->look_at)
        pool->look_at = now + TICK;
}

void pool__let_leave(pool_t *pool)
{
    if (pool->phase != POOL__CLOSED_PHASE || pool->jobs || atomic_load(&pool->board->closing))
        return;
    atomic_store(&pool->board->closing, 1);
    pool__wake_from(pool, 0);
    pool__tell(pool);
}

static void step(pool_t *pool)
{
    uint64_t now = pool__now();
    pool__hear(pool);
    pool__collect(pool);
    tick(pool, now);
    for (struct pool_future *job = pool->jobs; job; job = job->next)
        if (job->deadline || job->kill_at || job->options.fail_fast)
            watch_time(pool, job, now);
    pool__fill(pool);
    for (struct pool_future **link = &pool->jobs; *link;) {
        lose_rest(pool, *link);
        if ((*link)->ended == (*link)->in.count)
            end_job(pool, link);
        else
            link = &(*link)->next;
    }
    pool__let_leave(pool);
}

void pool__work(pool_t *pool)
{
    step(pool);
    if (!pool__is_serial(pool))
        return;
    if (pool__serial_run(pool))
        step(pool);
    pool__serial_leave(pool);
    if (pool->epoll >= 0)
        pool__silence(pool);
}
