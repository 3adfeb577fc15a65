/* The whole board against the host's account. With the lock held. */
#ifndef POOL_HOST_TRANSPORT_BOARD_AUDIT_H
#define POOL_HOST_TRANSPORT_BOARD_AUDIT_H

#include "host/process/members.h"
#include "procpool.h"

/* Compares the board with the account, chunk by chunk, and mends what differs; settles what the worker that
 * died (NULL: none has) was running. */
void pool__reconcile(pool_t *pool, const struct pool__death *death);

#endif
