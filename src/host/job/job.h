/* A job: one call that runs items. A job has a source of items, a sink for results, and an account
 * of how many of its items have been given out and have ended.
 *
 * The job of a blocking call is on the caller's stack. The job of a future or an iterator comes
 * from malloc(). The pool's lock guards all members of a job that has been submitted. */
#ifndef POOL_HOST_JOB_JOB_H
#define POOL_HOST_JOB_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/job/report.h"
#include "procpool.h"

enum pool__heap_kind {
    POOL__GIVING_HEAP, /* jobs that want a chunk: from the highest priority, in turn */
    POOL__TIMED_HEAP,  /* jobs with a time limit: from the earliest */
    POOL__HEAPS        /* how many kinds there are */
};

/* A program may have a million of these outstanding: what only some jobs need lies elsewhere. */
/* Lists in which a job may be beside its own; in one list of each kind at a time. */
enum pool__link {
    POOL__ADVANCED_LINK,  /* jobs that have advanced, or broadcasts that are held up */
    POOL__REPORTING_LINK, /* jobs with progress to report */
    POOL__LINKS           /* how many kinds there are */
};

struct pool_future {
    pool_t *pool;
    /* Links and places in the lists and heaps of job/queue.h. */
    struct pool_future *previous, *next;
    struct pool_future *after[POOL__LINKS];
    struct pool__watch *watches; /* of threads that wait for the job: see job/watch.h */
    uint32_t turn;               /* when it is given a chunk, among the jobs of its priority */
    uint32_t places[POOL__HEAPS];
    uint32_t chunks; /* chunks that are outstanding */
    pool_function_t function;
    /* The types are NULL for plain data, one value after the other. Else the items, or the results,
     * are a stream of values of the type. */
    pool_in_t in;
    pool_out_t out;
    pool_map_options_t options;
    size_t given;    /* items that are or were in a chunk, or that ended without one: except in a
                        fold, the first so many */
    size_t ended;    /* items that have an end */
    size_t failed;   /* items that ended badly; they count in `ended` too */
    size_t reported; /* how many items had ended when `progress` was last called */
    struct pool__chunk
        *first_chunk; /* of those that are outstanding: see transport/board/account.h */
    /* Estimates, for the size of chunks; 0: not known yet. */
    float item_nanoseconds;         /* time that one item takes */
    float item_bytes, result_bytes; /* bytes of one item and of one result in a stream */
    int status;                     /* negative: why no more items are given out */
    pool_error_kind_t stopped; /* not 0: items that have not started end with this kind of error */
    bool advanced : 1;         /* it is among the jobs that have advanced */
    bool held_up : 1;          /* it is among the broadcasts that wait for a mailbox */
    bool reporting : 1;        /* it is among the jobs with progress to report */
    bool in_shared;            /* the items lie in a shared array */
    bool out_shared;           /* the results go straight into a shared array */
    bool broadcast; /* `in` has one item; the job's item i is a copy of it for worker i */
    /* Functions of the user's pack the items, or unpack the results, so there is a dry run first.
     * Both are false in a serial pool, whose functions may crash the host in any case. */
    bool custom_items, custom_results;
    bool async; /* the call has returned already: its caller may be outside of the library */
    bool owned; /* the caller frees the job, by pool_future_free() */
    bool done;  /* all items have ended, and the report is complete */
    bool callback_done; /* and the callback was made: the pool does not use the job any more */
    bool freed;         /* the caller does not use the job any more: then it becomes a spare job */
    uint64_t began;     /* when the job was made */
    uint64_t deadline;  /* when the time of the call is up; 0: no limit */
    uint64_t kill_at;   /* when workers that still run its items are killed; 0: not set */
    struct pool__report report;
    struct pool__window *window; /* what only an iterator has; NULL: not an iterator */
    struct pool__fold *fold;     /* the sink of a fold; NULL: no fold */
};

/* When the time of the job is up, or its workers are to be killed; UINT64_MAX: never. */
static inline uint64_t pool__job_due(const struct pool_future *job)
{
    uint64_t deadline = job->deadline ? job->deadline : UINT64_MAX;
    return job->kill_at && job->kill_at < deadline ? job->kill_at : deadline;
}

#endif
