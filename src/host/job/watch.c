/* Runs in the host, with the lock held. Owns the watches of jobs, but not their memory. It wakes no
 * thread. */
#include "host/job/watch.h"

#include "host/job/job.h"

static void append_done(struct pool__watch *watch)
{
    struct pool__set *set = watch->set;
    if (watch->done)
        return;
    watch->done = true;
    watch->next_done = NULL;
    *(set->done ? &set->last_done->next_done : &set->done) = watch;
    set->last_done = watch;
}

void pool__watch(struct pool__set *set, struct pool__watch *watch, struct pool_future *job)
{
    watch->set = set;
    watch->job = job;
    watch->next = job->watches;
    job->watches = watch;
    set->live++;
    if (job->callback_done)
        append_done(watch);
}

void pool__unwatch(struct pool__watch *watch)
{
    if (!watch->job)
        return;
    struct pool__watch **link = &watch->job->watches;
    while (*link != watch)
        link = &(*link)->next;
    *link = watch->next;
    watch->job = NULL;
    watch->set->live--;
}

struct pool__watch *pool__set_take_done(struct pool__set *set)
{
    struct pool__watch *watch;
    while ((watch = set->done)) {
        set->done = watch->next_done;
        watch->done = false;
        if (watch->job && watch->job->callback_done)
            return watch;
    }
    return NULL;
}

void pool__watched_ended(const struct pool_future *job)
{
    for (struct pool__watch *watch = job->watches; watch; watch = watch->next)
        append_done(watch);
}

void pool__watched_freed(struct pool_future *job)
{
    while (job->watches)
        pool__unwatch(job->watches);
}
