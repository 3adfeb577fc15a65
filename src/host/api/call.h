/* Calls that run items, as jobs. */
#ifndef POOL_HOST_API_CALL_H
#define POOL_HOST_API_CALL_H

#include <stdbool.h>

#include "procpool.h"

/* A call as it was made. */
struct pool__call {
    pool_function_t function;
    pool_in_t in;
    pool_out_t out;
    const pool_map_options_t *options;
    bool broadcast;
    pool_merge_t merge; /* of a fold, whose accumulator is `out` */
};

/* Makes a job of a checked call. Returns 0 or -ENOMEM. With the lock held. */
int pool__prepare(pool_t *pool, struct pool_future *job, const struct pool__call *call);

#endif
