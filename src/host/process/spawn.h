/* The one place where the host forks: the supervisor, and the channels to it. */
#ifndef POOL_HOST_PROCESS_SPAWN_H
#define POOL_HOST_PROCESS_SPAWN_H

#include "procpool.h"

/* Opens the pipes and the channel, and forks the supervisor by way of a process in between, so that it is
 * no child of the host. Returns 0 or a negated errno value, then with nothing left open. */
int pool__spawn(pool_t *pool);

/* Closes what is still open of that. */
void pool__close_channels(pool_t *pool);

#endif
