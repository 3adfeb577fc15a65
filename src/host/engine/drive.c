/* Runs in the host: who waits for the workers, and what is done when they have something to say.
 *
 * One lock guards the pool. Of the threads that wait in the library one drives the pool for all: it
 * waits, without the lock, and then hears, collects, fills and ends jobs; the others wait for it to
 * say that something has changed, and one of them takes over when it leaves. */
#include "host/engine/drive.h"

#include <errno.h>
#include <pthread.h>

#include "common/clock.h"
#include "host/engine/bell.h"
#include "host/engine/give.h"
#include "host/engine/step.h"
#include "host/job/ends.h"
#include "host/job/fold.h"
#include "host/job/job.h"
#include "host/job/queue.h"
#include "host/job/report.h"
#include "host/pool.h"
#include "host/process/link.h"
#include "host/process/members.h"
#include "host/transport/board/account.h"
#include "host/transport/board/audit.h"
#include "host/transport/board/memory.h"
#include "host/transport/board/recall.h"
#include "host/transport/board/settle.h"
#include "host/transport/board/wake.h"
#include "host/transport/inline/inline.h"

enum { TICK = 1000000000 }; /* nanoseconds between looks at the whole board */

/* ---- What the supervisor says ---- */

/* What a worker had committed before it died was its own: it is collected before the death is taken down. */
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
    if (pool->launch.options.idle_timeout)
        pool__hear(pool); /* the supervisor, who brings workers back, must not be short of room */
    pool__fill(pool);
    pool__wake_driver(pool); /* it may have a deadline, or be the one to wait for eagerly */
    pool__attend(pool);
}

/* Takes the job at `*link` out of the list: all its items have an end. */
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

/* What cannot even be given out is lost. */
static void lose_rest(pool_t *pool, struct pool_future *job)
{
    if (job->given == job->in.count || job->chunks > 0)
        return;
    if (pool->phase == POOL__GONE_PHASE && job->status == 0)
        job->status = pool->broken ? POOL_EBROKEN : POOL_ECLOSED;
    if (job->status == 0)
        return;
    uint64_t from = job->given;
    if (job->window)
        job->in.count = job->given;
    job->given = job->in.count;
    pool__lose_items(job, from, job->in.count);
}

/* Whether its time is up; then what is to be done about it is done. */
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

/* Looks at the whole board when it is time to, however short the sleeps were in between. */
static void tick(pool_t *pool, uint64_t now)
{
    bool due = pool->look_at && now >= pool->look_at;
    if (due)
        pool__reconcile(pool, NULL);
    if (!pool->jobs)
        pool->look_at = 0;
    else if (due || !pool->look_at)
        pool->look_at = now + TICK;
}

/* Does what can be done without waiting. */
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

/* The same; and of a serial pool it runs a chunk. Then nothing is left to do but to run more. */
static void work(pool_t *pool)
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

/* ---- Callbacks ---- */

bool pool__in_callback(const pool_t *pool)
{
    return pool->calling && pthread_equal(pool->caller, pthread_self());
}

static void release_lock(pool_t *pool)
{
    pool->calling = true;
    pool->caller = pthread_self();
    pthread_mutex_unlock(&pool->lock);
}

static void regain_lock(pool_t *pool)
{
    pthread_mutex_lock(&pool->lock);
    pool->calling = false;
}

typedef void (*callback_t)(pool_future_t *future, void *context);

/* The job's last callback, or NULL. */
static callback_t last_callback(const struct pool_future *job)
{
    bool bad = job->failed || job->status < 0;
    return bad ? job->options.error_callback : job->options.callback;
}

/* Makes it; the pool has no more to do with the job. */
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

/* Takes the next job that has ended, if this thread may make its callbacks, or there are none. */
static struct pool_future *take_finished(pool_t *pool)
{
    struct pool_future **link = &pool->finished, *job;
    while (*link && pool__loop_elsewhere(pool) &&
           (pool__has_progress(*link) || last_callback(*link)))
        link = &(*link)->next;
    job = *link;
    if (job) {
        *link = job->next;
        job->next = NULL;
    }
    return job;
}

/* Makes the callbacks that are due. One thread at a time makes them; they make no others. */
static void make_calls(pool_t *pool)
{
    struct pool_future *job;
    if (pool->calling)
        return;
    while (!pool__loop_elsewhere(pool) && (job = pool__with_progress(pool)))
        report_progress(pool, job);
    while ((job = take_finished(pool)))
        call_back(pool, job);
}

/* ---- Driving ---- */

/* Waits for the workers, for all threads. */
static void drive_once(pool_t *pool, uint64_t deadline)
{
    uint64_t until = pool__earliest(pool, deadline);
    uint32_t outstanding = pool__outstanding(pool);
    bool eager = pool__is_eager(pool);
    int milliseconds = until == UINT64_MAX ? -1 : pool__milliseconds(pool__now(), until);
    pool->driving = true;
    pthread_mutex_unlock(&pool->lock);
    pool__wait(pool, outstanding, eager, milliseconds);
    pthread_mutex_lock(&pool->lock);
    pool->driving = false;
}

/* Waits for the thread that drives the pool. */
static void wait_for_driver(pool_t *pool, uint64_t deadline)
{
    if (deadline == UINT64_MAX) {
        pthread_cond_wait(&pool->changed, &pool->lock);
        return;
    }
    struct timespec until = {.tv_sec = (time_t)(deadline / 1000000000u),
                             .tv_nsec = (long)(deadline % 1000000000u)};
    pthread_cond_timedwait(&pool->changed, &pool->lock, &until);
}

bool pool__at_once(const void *unused)
{
    (void)unused;
    return true;
}

int pool__drive(pool_t *pool, bool (*over)(const void *argument), const void *argument,
                int milliseconds)
{
    uint64_t deadline = UINT64_MAX;
    int error = 0;
    if (pool__in_callback(pool))
        return POOL_EBUSY;
    if (milliseconds >= 0)
        deadline = pool__now() + (uint64_t)milliseconds * 1000000u;
    for (;;) {
        work(pool); /* whoever drives the pool is asleep */
        make_calls(pool);
        if (over(argument))
            break;
        if (pool__now() >= deadline) {
            error = -ETIMEDOUT;
            break;
        }
        if (pool__serial_due(pool))
            continue;
        pool__set_alarm(pool); /* callbacks may be the loop's to make */
        if (pool__is_serial(pool))
            wait_for_driver(pool, pool__earliest(pool, deadline));
        else if (pool->driving || pool->calling || pool->phase == POOL__GONE_PHASE)
            wait_for_driver(pool, deadline); /* a pool that is gone: for who makes callbacks */
        else
            drive_once(pool, deadline);
    }
    pthread_cond_broadcast(&pool->changed); /* whoever waits may have to drive the pool now */
    pool__attend(pool);
    return error;
}
