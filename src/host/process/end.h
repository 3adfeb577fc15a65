/* The end of the supervisor, by force if need be. */
#ifndef POOL_HOST_PROCESS_END_H
#define POOL_HOST_PROCESS_END_H

#include "procpool.h"

/* Kills the supervisor, and by that all workers. */
void pool__kill_supervisor(const pool_t *pool);

/* Waits for up to two seconds until the supervisor, whose channel has closed, is gone, and reaps it if it
 * has become a child of the host, as in a host that collects orphans. */
void pool__bury_supervisor(pool_t *pool);

#endif
