/* Whether a call makes sense. A call is checked before anything is done about it. */
#ifndef POOL_HOST_API_CHECK_H
#define POOL_HOST_API_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "procpool.h"

/* Each returns 0 or the code of what is wrong. */

/* Checks that the pool may be used, the function is known to the workers, and the arrays and their
 * types make sense. */
int pool__check_call(const pool_t *pool, pool_function_t function, const pool_in_t *in,
                     const pool_out_t *out);

/* Checks that the accumulator of a fold is there and is plain data of a known type. */
int pool__check_accumulator(const pool_t *pool, const pool_out_t *accumulator);

/* Checks that the pool may be used, and that the callable is one and is known to the workers. */
int pool__check_callable(const pool_t *pool, const pool_callable_t *callable);

/* Checks the options of a call of `count` items; NULL is allowed. `keys`: its items may have keys. */
int pool__check_options(const pool_map_options_t *options, size_t count, bool keys);

/* Whether so many items can be in memory. */
bool pool__items_fit(const pool_in_t *in);

#endif
