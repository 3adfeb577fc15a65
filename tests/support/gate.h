/* Gates in shared memory: functions in workers wait at a gate until the test opens it. */
#ifndef SUPPORT_GATE_H
#define SUPPORT_GATE_H

#include <stdbool.h>

#include <procpool.h>

struct gate;

/* Makes a closed gate, which ends with the test. Make it before the pool, so that the workers share it.
 * Asserts success. */
struct gate *gate_make(void);

/* Opens or closes the gate; any process may do it. */
void gate_open(struct gate *gate);
void gate_close(struct gate *gate);

bool gate_is_open(const struct gate *gate);

/* Waits until the gate is open. False: it was still closed after 20 stretched seconds. */
bool gate_pass(const struct gate *gate);

/* The initializer of workers that start when the gate in `initargs` is open. */
int gate_initializer(void *gate, void **state, pool_task_t *task);

#endif
