/* The order of an ending. With the lock held, but while waiting. */
#ifndef POOL_HOST_ENGINE_CLOSE_H
#define POOL_HOST_ENGINE_CLOSE_H

#include <stdbool.h>

#include "procpool.h"

/* Waits until every process of the pool is gone. First, if `gently`, those that may leave by themselves do,
 * for as long as the option `grace` says; then they are terminated, then killed. */
void pool__end_processes(pool_t *pool, bool gently);

/* The same, and reaps the supervisor. */
void pool__shut_down(pool_t *pool, bool gently);

#endif
