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

#endif
