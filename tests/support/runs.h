/* The number of times that functions ran in a test, in any process. Each test has one such count. */
#ifndef SUPPORT_RUNS_H
#define SUPPORT_RUNS_H

#include <stdbool.h>
#include <stdint.h>

#include <procpool.h>

/* Sets the count to 0. The count ends with the test. Call it before the pool is made, so that the workers
 * share the count. Asserts success. */
void runs_start(void);

/* Does as runs_start(), and makes a pool of one worker, which is freed when the test ends. Asserts success. */
pool_t *runs_pool(void);

/* Adds 1 to the count; any process may do it. */
void runs_mark(void);

uint64_t runs_total(void);

/* Whether the count is above 0; a condition for deadline_met(). */
bool runs_any(void *unused);

/* Adds 1 to the count; a function for workers that gives no result. */
int runs_note(const void *item, void *result, pool_task_t *task);

/* Adds 1 to the count, and runs until the call is cancelled. The result is the int 1. The item fails with
 * -ETIMEDOUT after 10 stretched seconds. */
int runs_until_cancelled(const void *item, void *result, pool_task_t *task);

#endif
