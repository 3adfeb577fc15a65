/* The audit: compares the whole board with the host's account. It looks at what is so and should
 * not be, instead of following events, so a lost or late event does no harm. With the lock held. */
#ifndef POOL_HOST_TRANSPORT_BOARD_AUDIT_H
#define POOL_HOST_TRANSPORT_BOARD_AUDIT_H

#include "host/process/members.h"
#include "procpool.h"

/* Settles the chunks that have been committed, and condemns those of which the board says something
 * impossible. `death`: of a worker that has just died; the chunk that it was running is settled
 * too. NULL: this is the tick. It also condemns RUNNING chunks whose owner cannot be running them,
 * queues chunks again whose tickets were lost, and wakes all workers if a chunk is queued. */
void pool__reconcile(pool_t *pool, const struct pool__death *death);

#endif
