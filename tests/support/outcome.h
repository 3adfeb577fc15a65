/* What a map should give, and whether it did. */
#ifndef SUPPORT_OUTCOME_H
#define SUPPORT_OUTCOME_H

#include <stddef.h>

#include "support/world.h"

/* What pool_map() should do, done here and one by one: runs `function`, with no task, over the
 * items; an element whose item fails stays as it is. Returns how many failed. */
int outcome_sequential(pool_function_t function, pool_in_t in, pool_out_t out);

/* The error of item `index` in the pool's last call, or NULL. */
const pool_error_t *outcome_of(const pool_t *pool, size_t index);

/* Asserts that the pool's last call has this error for the item. */
void outcome_is(const pool_t *pool, size_t index, pool_error_kind_t kind, int code);

/* Asserts that the last call's errors are in order, each index once and below `count`, and that
 * there are `failed` of them. */
void outcome_errors_in_order(const pool_t *pool, size_t count, size_t failed);

/* Asserts that the pool works: a map over some items gives what it should. */
void outcome_pool_works(pool_t *pool);

/* Asserts that an item which runs `act` ends with this error and costs nothing else: whatever its
 * place and its chunk, all other results are right and the pool works afterwards. */
void outcome_costs_one(pool_t *pool, pool_function_t act, pool_error_kind_t kind, int code);

/* Asserts that an item may run `act`, which returns 0, and all goes well. */
void outcome_costs_none(pool_t *pool, pool_function_t act);

/* Whether exactly this many workers come to be replaced, counted from the making of the pool. */
bool outcome_replaced(pool_t *pool, size_t count);

/* For functions whose faults are the hardware's to find. */
#define OUTCOME_UNCHECKED __attribute__((no_sanitize("address", "undefined"), noinline))

#endif
