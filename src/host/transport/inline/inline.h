/* Serial pools, which have no processes: an inline worker runs their items in the host's own
 * threads. With the lock held, unless said otherwise. The lock is released while functions of the
 * user's run. */
#ifndef POOL_HOST_TRANSPORT_INLINE_INLINE_H
#define POOL_HOST_TRANSPORT_INLINE_INLINE_H

#include <stdbool.h>

#include "procpool.h"

/* The serial pool whose function this thread runs; NULL: none. To such a function a pool that was
 * made outside of it belongs to another process, as it would in a worker. Needs no lock. */
struct pool *pool__home(void);

/* The share from which pools that this thread makes take their processes; NULL: there is no bound.
 * Needs no lock. */
struct pool__share *pool__share_here(void);

/* Makes the inline worker, which a serial pool has instead of a supervisor and workers. Without the
 * lock. Returns 0 or a negated errno value. */
int pool__serial_open(pool_t *pool);

/* Runs the initializer. Takes the lock itself. Returns 0, or POOL_EINIT: then pool->why says why it
 * failed. */
int pool__serial_start(pool_t *pool);

/* Whether this thread could run a chunk now. */
bool pool__serial_due(const pool_t *pool);

/* Runs a chunk if this thread can. Returns whether it could. */
bool pool__serial_run(pool_t *pool);

/* Ends the inline worker, after running the finalizer, if the pool is closing and no function runs.
 */
void pool__serial_leave(pool_t *pool);

/* Ends the inline worker without running the finalizer. Waits until the function that it runs, if
 * any, returns. Items that have not started are lost. */
void pool__serial_end(pool_t *pool);

#endif
