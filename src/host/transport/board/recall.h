/* Takes chunks back from the workers: a call is cancelled or out of time, or the pool becomes
 * smaller. With the lock held. */
#ifndef POOL_HOST_TRANSPORT_BOARD_RECALL_H
#define POOL_HOST_TRANSPORT_BOARD_RECALL_H

#include <stdbool.h>

#include "procpool.h"

/* Takes the job's queued chunks back, whose items end as job->stopped says, and lets no further item
 * of the job start. `kill`: also takes the chunks that run, and kills their workers. */
void pool__recall(pool_t *pool, struct pool_future *job, bool kill);

/* Ends the items of broadcasts for workers that the pool no longer has, unless a worker has claimed
 * them. */
void pool__clear_mailboxes(pool_t *pool);

#endif
