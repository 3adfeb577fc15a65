/* Pools without processes: their items are run by an inline worker, in the host's own threads. With the lock
 * held, but while functions of the user's run. */
#ifndef POOL_HOST_TRANSPORT_INLINE_INLINE_H
#define POOL_HOST_TRANSPORT_INLINE_INLINE_H

#include <stdbool.h>

#include "procpool.h"

/* The serial pool whose function this thread is in; NULL: none. Pools that were made elsewhere belong to
 * another process as far as such a function is concerned, as they would in a worker. */
struct pool *pool__home(void);

/* The share from which pools made by this thread take their processes; NULL: there is no bound. */
struct pool__share *pool__share_here(void);

/* Makes what a serial pool has instead of a supervisor, without the lock: an inline worker; then runs its
 * initializer. Return 0 or a negative code. */
int pool__serial_open(pool_t *pool);
int pool__serial_start(pool_t *pool);

/* Whether there is a chunk that this thread could run now; runs one, and says whether it did. */
bool pool__serial_due(const pool_t *pool);
bool pool__serial_run(pool_t *pool);

/* Ends the inline worker with its finalizer if the pool is closing. */
void pool__serial_leave(pool_t *pool);

/* Ends the inline worker when the function that it runs returns; items that have not started never
 * will. */
void pool__serial_end(pool_t *pool);

#endif
