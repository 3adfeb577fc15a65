/* What a call of a pool should give, and whether it did. */
#ifndef SUPPORT_OUTCOME_H
#define SUPPORT_OUTCOME_H

#include <stddef.h>

#include "support/world.h"

/* Does in this process, one item after the other, what pool_map() should do: runs `function` over the
 * items, with NULL as the task. The element of an item that fails stays as it is. Returns how many
 * failed. */
int outcome_sequential(pool_function_t function, pool_in_t in, pool_out_t out);

/* Returns the error of item `index` in the last call of the pool, or NULL. */
const pool_error_t *outcome_of(const pool_t *pool, size_t index);

/* Asserts that the item has this error in the last call of the pool. */
void outcome_is(const pool_t *pool, size_t index, pool_error_kind_t kind, int code);

/* Asserts that the last call has `failed` errors, in the order of their indices, which are all
 * different and below `count`. */
void outcome_errors_in_order(const pool_t *pool, size_t count, size_t failed);

/* Asserts that the pool works: a map over some items gives the right results. */
void outcome_pool_works(pool_t *pool);

/* Asserts that an item which runs `act` ends with this error, at any place in the map and in any
 * chunk, that all other results are right, and that the pool works afterwards. */
void outcome_costs_one(pool_t *pool, pool_function_t act, pool_error_kind_t kind, int code);

/* Asserts the same of an `act` that returns 0, which leaves no error. */
void outcome_costs_none(pool_t *pool, pool_function_t act);

/* Whether the number of workers replaced since the pool was made becomes `count` within a deadline. */
bool outcome_replaced(pool_t *pool, size_t count);

/* For functions whose faults the hardware is to find, not the sanitizers. */
#define OUTCOME_UNCHECKED __attribute__((no_sanitize("address", "undefined"), noinline))

#endif
