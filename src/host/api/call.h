/* Calls that run items, and the jobs that are made of them. */
#ifndef POOL_HOST_API_CALL_H
#define POOL_HOST_API_CALL_H

#include <stdbool.h>

#include "procpool.h"

/* The arguments of a call. */
struct pool__call {
    pool_function_t function;
    pool_in_t in;
    pool_out_t out;                    /* the array of results, or the accumulator of a fold */
    const pool_map_options_t *options; /* NULL: all defaults */
    bool broadcast;                    /* the one item of `in` is for every worker */
    pool_merge_t merge;                /* NULL: the call is no fold */
};

/* Makes `*job` the job of a call that was checked. Returns 0 or -ENOMEM. With the lock held. */
int pool__prepare(pool_t *pool, struct pool_future *job, const struct pool__call *call);

#endif
