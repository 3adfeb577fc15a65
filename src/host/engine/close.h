/* How the processes of a pool are ended. With the lock held; it is released while the calling
 * thread waits. */
#ifndef POOL_HOST_ENGINE_CLOSE_H
#define POOL_HOST_ENGINE_CLOSE_H

#include <stdbool.h>

#include "procpool.h"

/* Ends every process of the pool and waits until all are gone. Workers are terminated, then killed.
 * With `gently`, workers that have nothing left to do may first leave by themselves, for as long as
 * the option `grace` says. */
void pool__end_processes(pool_t *pool, bool gently);

/* Does the same, and reaps the supervisor. */
void pool__shut_down(pool_t *pool, bool gently);

#endif
