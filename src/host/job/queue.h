/* The lists of jobs. A job that has not ended is in `jobs`. Beside that it may be among the jobs
 * that want a chunk, that have a time limit, that have advanced, and that have progress to report. A
 * job that has ended is in `calling` or `ended` until its last callback has been made. No function
 * here takes longer when there are more jobs, but for the levels of a heap. With the lock held. */
#ifndef POOL_HOST_JOB_QUEUE_H
#define POOL_HOST_JOB_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "host/job/heap.h"
#include "procpool.h"

/* Jobs in the order in which they came. */
struct pool__list {
    struct pool_future *first, *last;
};

struct pool__queue {
    struct pool__list jobs;      /* items of these have no end yet */
    size_t count;                /* how many these are */
    struct pool__heap giving;    /* of these: those that want a chunk */
    struct pool__heap timed;     /* and those with a time limit */
    uint64_t added;              /* jobs ever added */
    uint32_t turns;              /* chunks ever given out, and jobs ever added to `giving` */
    struct pool__list advanced;  /* jobs at which the engine has to look */
    struct pool__list held_up;   /* broadcasts whose next item waits for a mailbox to be empty */
    struct pool__list reporting; /* jobs with progress to report */
    struct pool__list calling;   /* jobs that have ended, and whose last callback is due */
    struct pool__list ended;     /* jobs that have ended, and have no callback to be made */
    size_t unfinished;           /* jobs in the lists, and the one whose last callback runs */
    struct pool_future *spare;   /* freed jobs, kept so that a stale pointer is told as one */
    size_t spares;
};

void pool__queue_init(struct pool__queue *queue);
void pool__queue_fini(struct pool__queue *queue);

/* ---- Jobs that have not ended ---- */

/* Makes room for one more job; `timed`: one with a time limit. Returns 0 or -ENOMEM. */
int pool__queue_reserve(struct pool__queue *queue, bool timed);

/* Takes in a job that has just been made. There must be room. The job counts as advanced. */
void pool__queue_add(struct pool__queue *queue, struct pool_future *job);

/* Says that the engine should look at the job: items of it have ended, chunks of it have come back,
 * or it may give out more. Does nothing for a job that has ended. */
void pool__queue_advanced(struct pool_future *job);

/* The same for all jobs that have not ended. */
void pool__queue_all_advanced(struct pool__queue *queue);

/* Takes the next job that has advanced; NULL: there is none. */
struct pool_future *pool__queue_take_advanced(struct pool__queue *queue);

/* Says that the job wants a chunk. Its turn comes after those of the others of its priority that
 * want one already. */
void pool__queue_want(struct pool__queue *queue, struct pool_future *job);

/* The job that wants a chunk and has been first gets its next turn after the others. */
void pool__queue_turn(struct pool__queue *queue, struct pool_future *job);

/* The job wants no chunk for now. */
void pool__queue_unwant(struct pool__queue *queue, struct pool_future *job);

/* Says that the broadcast wants a chunk as soon as a chunk of a broadcast has ended. */
void pool__queue_hold_up(struct pool__queue *queue, struct pool_future *job);

/* Has the engine look at the broadcasts that were held up. */
void pool__queue_let_on(struct pool__queue *queue);

/* The job that gets the next chunk; NULL: none wants one. */
struct pool_future *pool__queue_first(const struct pool__queue *queue);

/* Sets when the time of the job is up, and when its workers are to be killed; 0: never. There must be
 * room for the job, if it has had no such time before. */
void pool__queue_time(struct pool__queue *queue, struct pool_future *job, uint64_t deadline,
                      uint64_t kill_at);

/* Returns a job for which one of these times has come; NULL: there is none. */
struct pool_future *pool__queue_due(const struct pool__queue *queue, uint64_t now);

/* Returns the first of these times; UINT64_MAX: there is none. */
uint64_t pool__queue_earliest(const struct pool__queue *queue);

/* Whether the host should look at every chunk as it ends, not only when many have ended: there is
 * more than one job, or the only job is an iterator or has a `progress` callback. */
bool pool__queue_eager(const struct pool__queue *queue);

/* ---- Jobs that have ended ---- */

/* Moves a job whose items have all ended to the jobs whose last callback is due. */
void pool__queue_end(struct pool__queue *queue, struct pool_future *job);

typedef void (*pool__callback_t)(pool_future_t *future, void *context);

/* The callback for the way in which the job has ended; NULL: none was set. */
pool__callback_t pool__last_callback(const struct pool_future *job);

/* Puts the job among those with progress to report, if it has some and a `progress` callback. */
void pool__queue_report(struct pool__queue *queue, struct pool_future *job);

/* Takes a job with progress to report; NULL: there is none. */
struct pool_future *pool__queue_take_reporting(struct pool__queue *queue);

/* Takes the oldest job that has ended. Without `calls`, only one without a callback. NULL: there is
 * none. */
struct pool_future *pool__queue_take_ended(struct pool__queue *queue, bool calls);

/* Whether callbacks are due, or jobs that have none are to be finished. */
bool pool__queue_calls(const struct pool__queue *queue);

/* ---- Memory of jobs ---- */

/* Returns a job for a future or an iterator: a spare job, or one from malloc(). Its contents are
 * undefined. NULL when there is no memory. */
struct pool_future *pool__job_new(struct pool__queue *queue);

/* Makes the job a spare job. Neither the caller nor the pool may use it any more. `freed` is set in
 * spare jobs, so that a stale pointer is found out. The memory of jobs beyond POOL__SPARES is freed.
 */
void pool__job_free(struct pool__queue *queue, struct pool_future *job);

enum { POOL__SPARES = 1024 };

#endif
