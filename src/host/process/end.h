/* The end of the supervisor, by force if need be. */
#ifndef POOL_HOST_PROCESS_END_H
#define POOL_HOST_PROCESS_END_H

#include "procpool.h"

/* Kills the supervisor, and by that all workers. */
void pool__kill_supervisor(const pool_t *pool);

/* Waits for up to two seconds until the supervisor, whose channel has closed, is gone, and reaps it if it
 * has become a child of the host, as in a host that collects orphans. */
void pool__bury_supervisor(pool_t *pool);

/* Ends the channel to the supervisor, which then ends all processes of the pool, as if the host had
 * ended. The descriptors stay open, since a thread may be using them: it finds the channel at its
 * end-of-file. Does not wait, needs no lock, and is async-signal-safe. */
void pool__cut(const pool_t *pool);

#endif
