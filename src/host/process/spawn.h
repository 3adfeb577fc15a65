/* Forks the supervisor, and makes the channels to it: the result bell, the control channel, and the
 * bell of the thread that drives the pool. */
#ifndef POOL_HOST_PROCESS_SPAWN_H
#define POOL_HOST_PROCESS_SPAWN_H

#include "procpool.h"

/* Opens the channels, and forks the supervisor by way of a process in between, so that the
 * supervisor is no child of the host. Returns 0; or a negated errno value, and then no descriptor
 * is left open. */
int pool__spawn(pool_t *pool);

/* Closes all descriptors of the pool that are open. */
void pool__close_channels(pool_t *pool);

#endif
