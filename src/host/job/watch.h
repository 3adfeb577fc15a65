/* Sets of jobs for which a thread waits. A set has a watch on each of its jobs, and lists the jobs
 * that have ended, their last callbacks included. One watch costs the same whatever else is watched.
 * With the lock held. */
#ifndef POOL_HOST_JOB_WATCH_H
#define POOL_HOST_JOB_WATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "procpool.h"

struct pool__waiter;

struct pool__watch {
    struct pool__set *set;
    struct pool_future *job;       /* NULL: it watches no job, or the job was freed */
    struct pool__watch *next;      /* on the same job */
    struct pool__watch *next_done; /* in set->done */
    bool done;                     /* it is there */
};

struct pool__set {
    struct pool__waiter *waiter;          /* the thread that waits for the set; NULL: none */
    struct pool__watch *done, *last_done; /* watches of jobs that have ended, in that order */
    size_t live;                          /* watches that have a job */
};

/* Puts a watch on the job. The job must not be freed before pool__unwatch(), except by
 * pool__job_free(). */
void pool__watch(struct pool__set *set, struct pool__watch *watch, struct pool_future *job);

/* Takes the watch off its job, if it has one. It stays in set->done if it is there. */
void pool__unwatch(struct pool__watch *watch);

/* Takes the first watch whose job has ended and is still there out of set->done; NULL: there is
 * none. */
struct pool__watch *pool__set_take_done(struct pool__set *set);

/* The job has ended: puts its watches into the lists of their sets. */
void pool__watched_ended(const struct pool_future *job);

/* The job is freed: takes all watches off it. */
void pool__watched_freed(struct pool_future *job);

#endif
