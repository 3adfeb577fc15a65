/* Whether a call makes sense, before anything is done about it. */
#ifndef POOL_HOST_API_CHECK_H
#define POOL_HOST_API_CHECK_H

#include "procpool.h"

/* Check a call and all it refers to. Return 0 or the code of what is wrong. */
int pool__check_call(const pool_t *pool, pool_function_t function, const pool_in_t *in,
                     const pool_out_t *out);
int pool__check_accumulator(const pool_t *pool, const pool_out_t *accumulator);
int pool__check_callable(const pool_t *pool, const pool_callable_t *callable);
int pool__check_options(const pool_map_options_t *options);

#endif
