/* Runs in the host, with the lock held. Owns the lists of jobs, and the spare jobs. It must not run
 * or end a job. */
#include "host/job/queue.h"

#include <stdlib.h>

#include "host/job/job.h"
#include "host/job/report.h"
#include "host/job/watch.h"
#include "host/job/window.h"
#include "host/pool.h"

/* ---- Lists ---- */

static void append(struct pool__list *list, struct pool_future *job)
{
    job->next = NULL;
    job->previous = list->last;
    *(list->last ? &list->last->next : &list->first) = job;
    list->last = job;
}

static void take_out(struct pool__list *list, struct pool_future *job)
{
    *(job->previous ? &job->previous->next : &list->first) = job->next;
    *(job->next ? &job->next->previous : &list->last) = job->previous;
}

static struct pool_future *take_first(struct pool__list *list)
{
    struct pool_future *job = list->first;
    if (job)
        take_out(list, job);
    return job;
}

void pool__queue_init(struct pool__queue *queue)
{
    *queue = (struct pool__queue){.giving.kind = POOL__GIVING_HEAP, .timed.kind = POOL__TIMED_HEAP};
}

void pool__queue_fini(struct pool__queue *queue)
{
    pool__heap_fini(&queue->giving);
    pool__heap_fini(&queue->timed);
    while (queue->spare) {
        struct pool_future *next = queue->spare->next;
        free(queue->spare);
        queue->spare = next;
    }
}

/* ---- Jobs that have not ended ---- */

int pool__queue_reserve(struct pool__queue *queue, bool timed)
{
    int error = pool__heap_reserve(&queue->giving, queue->count + 1);
    return error || !timed ? error : pool__heap_reserve(&queue->timed, queue->timed.count + 1);
}

void pool__queue_add(struct pool__queue *queue, struct pool_future *job)
{
    append(&queue->jobs, job);
    queue->count++;
    queue->unfinished++;
    queue->added++;
    if (pool__job_due(job) != UINT64_MAX)
        pool__heap_add(&queue->timed, job);
    pool__queue_advanced(job);
}

static void append_by(enum pool__link link, struct pool__list *list, struct pool_future *job)
{
    job->after[link] = NULL;
    *(list->last ? &list->last->after[link] : &list->first) = job;
    list->last = job;
}

static struct pool_future *take_first_by(enum pool__link link, struct pool__list *list)
{
    struct pool_future *job = list->first;
    if (!job)
        return NULL;
    list->first = job->after[link];
    if (!list->first)
        list->last = NULL;
    return job;
}

/* A chunk of a broadcast that comes back leaves a mailbox empty, for which others may wait. */
void pool__queue_let_on(struct pool__queue *queue)
{
    struct pool_future *job;
    while ((job = take_first_by(POOL__ADVANCED_LINK, &queue->held_up))) {
        job->held_up = false;
        job->advanced = true;
        append_by(POOL__ADVANCED_LINK, &queue->advanced, job);
    }
}

void pool__queue_advanced(struct pool_future *job)
{
    struct pool__queue *queue = &job->pool->queue;
    if (job->done)
        return;
    if (job->broadcast)
        pool__queue_let_on(queue);
    if (job->advanced)
        return;
    job->advanced = true;
    append_by(POOL__ADVANCED_LINK, &queue->advanced, job);
}

void pool__queue_all_advanced(struct pool__queue *queue)
{
    for (struct pool_future *job = queue->jobs.first; job; job = job->next)
        pool__queue_advanced(job);
}

struct pool_future *pool__queue_take_advanced(struct pool__queue *queue)
{
    struct pool_future *job = take_first_by(POOL__ADVANCED_LINK, &queue->advanced);
    if (job)
        job->advanced = false;
    return job;
}

void pool__queue_want(struct pool__queue *queue, struct pool_future *job)
{
    if (pool__heap_has(&queue->giving, job))
        return;
    job->turn = queue->turns++;
    pool__heap_add(&queue->giving, job);
}

void pool__queue_unwant(struct pool__queue *queue, struct pool_future *job)
{
    pool__heap_remove(&queue->giving, job);
}

void pool__queue_turn(struct pool__queue *queue, struct pool_future *job)
{
    job->turn = queue->turns++;
    if (queue->giving.count > 1)
        pool__heap_settle(&queue->giving, job);
}

void pool__queue_hold_up(struct pool__queue *queue, struct pool_future *job)
{
    if (job->held_up || job->advanced)
        return;
    job->held_up = true;
    append_by(POOL__ADVANCED_LINK, &queue->held_up, job);
}

struct pool_future *pool__queue_first(const struct pool__queue *queue)
{
    return pool__heap_first(&queue->giving);
}

void pool__queue_time(struct pool__queue *queue, struct pool_future *job, uint64_t deadline,
                      uint64_t kill_at)
{
    pool__heap_remove(&queue->timed, job);
    job->deadline = deadline;
    job->kill_at = kill_at;
    if (pool__job_due(job) != UINT64_MAX)
        pool__heap_add(&queue->timed, job);
}

uint64_t pool__queue_earliest(const struct pool__queue *queue)
{
    const struct pool_future *job = pool__heap_first(&queue->timed);
    return job ? pool__job_due(job) : UINT64_MAX;
}

struct pool_future *pool__queue_due(const struct pool__queue *queue, uint64_t now)
{
    return now >= pool__queue_earliest(queue) ? pool__heap_first(&queue->timed) : NULL;
}

bool pool__queue_eager(const struct pool__queue *queue)
{
    const struct pool_future *job = queue->jobs.first;
    return job && (job->next || job->window || job->options.progress);
}

/* ---- Jobs that have ended ---- */

pool__callback_t pool__last_callback(const struct pool_future *job)
{
    bool bad = job->failed || job->status < 0;
    return bad ? job->options.error_callback : job->options.callback;
}

void pool__queue_end(struct pool__queue *queue, struct pool_future *job)
{
    take_out(&queue->jobs, job);
    queue->count--;
    pool__heap_remove(&queue->giving, job);
    pool__heap_remove(&queue->timed, job);
    append(job->reporting || pool__last_callback(job) ? &queue->calling : &queue->ended, job);
}

void pool__queue_report(struct pool__queue *queue, struct pool_future *job)
{
    if (!job->options.progress || job->reported == job->ended || job->reporting)
        return;
    job->reporting = true;
    append_by(POOL__REPORTING_LINK, &queue->reporting, job);
}

struct pool_future *pool__queue_take_reporting(struct pool__queue *queue)
{
    struct pool_future *job = take_first_by(POOL__REPORTING_LINK, &queue->reporting);
    if (job)
        job->reporting = false;
    return job;
}

struct pool_future *pool__queue_take_ended(struct pool__queue *queue, bool calls)
{
    struct pool_future *job = calls ? take_first(&queue->calling) : NULL;
    return job ? job : take_first(&queue->ended);
}

bool pool__queue_calls(const struct pool__queue *queue)
{
    return queue->reporting.first || queue->calling.first || queue->ended.first;
}

/* ---- Memory of jobs ---- */

struct pool_future *pool__job_new(struct pool__queue *queue)
{
    struct pool_future *job = queue->spare;
    if (!job)
        return malloc(sizeof *job);
    queue->spare = job->next;
    queue->spares--;
    return job;
}

void pool__job_free(struct pool__queue *queue, struct pool_future *job)
{
    pool__watched_freed(job);
    pool__window_free(job);
    pool__report_clear(&job->report);
    if (queue->spares == POOL__SPARES) {
        free(job);
        return;
    }
    job->window = NULL;
    job->freed = true;
    job->next = queue->spare;
    queue->spare = job;
    queue->spares++;
}
