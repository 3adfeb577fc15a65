/* Which thread drives the pool, and how the others wait. With the lock held, but while waiting and calling back. */
#ifndef POOL_HOST_ENGINE_DRIVE_H
#define POOL_HOST_ENGINE_DRIVE_H

#include <stdbool.h>

#include "procpool.h"

/* Steps and waits until `over(argument)`, `milliseconds` at most (negative: no limit). Returns 0,
 * -ETIMEDOUT, or POOL_EBUSY in a callback. */
int pool__drive(pool_t *pool, bool (*over)(const void *argument), const void *argument,
                int milliseconds);

/* An `over` for a single step. */
bool pool__at_once(const void *unused);

#endif
