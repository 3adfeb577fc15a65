/* A job: one call that runs items. It has a source of items, a sink for results, and the account of how
 * far it is.
 *
 * A blocking call has its job on the stack; a future or an iterator has one from malloc(). The pool's
 * lock guards all members. */
#ifndef POOL_HOST_JOB_JOB_H
#define POOL_HOST_JOB_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/job/report.h"
#include "procpool.h"

struct pool_future {
    pool_t *pool;
    struct pool_future
        *next; /* in the list of jobs not ended, of callbacks due, or of spare jobs */
    pool_function_t function;
    pool_in_t in;
    pool_out_t out;
    pool_map_options_t options;
    size_t given;    /* items that are or were in a chunk, or failed before */
    size_t ended;    /* items that have an end */
    size_t failed;   /* of these, items that ended badly */
    size_t reported; /* how many had ended when `progress` was last called */
    uint32_t chunks; /* outstanding */
    /* Estimates, for the size of chunks; 0: not known yet. */
    double item_nanoseconds;         /* what an item takes */
    double item_bytes, result_bytes; /* the bytes of an item and of a result in a stream */
    const pool_type_t *item_type, *result_type; /* NULL: plain data; else a stream of this type */
    int status;                                 /* negative: why no more items are given out */
    pool_error_kind_t stopped;                  /* not 0: items that have not started end as this */
    uint64_t began;                             /* when the job was made */
    uint64_t deadline;                          /* when its time is up; 0: no limit */
    uint64_t kill_at; /* when workers that still run its items are killed; 0: they are not */
    bool in_shared, out_shared;
    bool broadcast;                    /* item i is the one in the array, for worker i */
    bool custom_items, custom_results; /* their types have functions of the user's */
    bool async;                        /* the caller does not wait: it may be away */
    bool owned;                        /* by a caller that frees the future by pool_future_free() */
    bool done;                         /* all items have ended, and the report is complete */
    bool callback_done; /* and the callback has been made: the pool does not use the job any more */
    bool freed;         /* the caller has given it back: it becomes a spare job when it is done */
    struct pool__report report;
    int (*next_item)(void *context, void *item); /* NULL: `in` is an array */
    void *source;
    void *staged; /* room for one item: from the source, and not in a chunk yet */
    bool is_staged;
    bool exhausted;              /* the source has no more */
    int source_error;            /* why the source ended, if not because it was at its end */
    struct pool__window *window; /* NULL: `out` is an array */
    struct pool__fold *fold;     /* not NULL: `out` is an accumulator, and each chunk is a block */
};

#endif
