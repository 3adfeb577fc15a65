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

/* Milliseconds that pool_free() waits for other threads: to have the lock, and then until they are
 * out. */
int pool__patience(const pool_t *pool);

/* Waits so long, at most, until no other thread is inside a pool that has ended. Such threads run
 * callbacks, or are about to return. Returns whether none is left. */
bool pool__let_out(pool_t *pool);

#endif
