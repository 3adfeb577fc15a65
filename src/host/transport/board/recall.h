/* Chunks taken back: a call is cancelled or out of time, or the pool becomes smaller. With the lock held. */
#ifndef POOL_HOST_TRANSPORT_BOARD_RECALL_H
#define POOL_HOST_TRANSPORT_BOARD_RECALL_H

#include <stdbool.h>

#include "procpool.h"

/* Ends the job's items that have not started as `kind`; with `kill`, also those that run, and kills their
 * workers. */
void pool__stop(pool_t *pool, struct pool_future *job, pool_error_kind_t kind, bool kill);

/* Ends the items in mailboxes of workers that the pool no longer has, unless they have been claimed. */
void pool__clear_mailboxes(pool_t *pool);

#endif
