/* Takes chunks back from the workers: a call is cancelled or out of time, or the pool becomes
 * smaller. With the lock held. */
#ifndef POOL_HOST_TRANSPORT_BOARD_RECALL_H
#define POOL_HOST_TRANSPORT_BOARD_RECALL_H

#include <stdbool.h>

#include "procpool.h"

/* Stops the job: ends its items that have not started as `kind`, POOL_CANCELLED or POOL_TIMED_OUT,
 * and lets no further item start. `kill`: also ends the items that run, and kills their workers. In
 * a serial pool nothing is killed. */
void pool__stop(pool_t *pool, struct pool_future *job, pool_error_kind_t kind, bool kill);

/* Ends the items of broadcasts for workers that the pool no longer has, unless a worker has claimed
 * them. */
void pool__clear_mailboxes(pool_t *pool);

#endif
