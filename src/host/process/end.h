/* The end of the supervisor, by force if need be. */
#ifndef POOL_HOST_PROCESS_END_H
#define POOL_HOST_PROCESS_END_H

#include "procpool.h"

/* Kills the supervisor. The workers die with it. Does nothing where the system has no pidfds. */
void pool__kill_supervisor(const pool_t *pool);

/* Waits until the supervisor, which has closed its end of the control channel, is gone; two seconds
 * at most. Reaps the supervisor if it has become a child of the host, as it does in a host that
 * adopts orphans (a subreaper, or process 1). */
void pool__bury_supervisor(pool_t *pool);

/* Ends the channel to the supervisor, which then ends all processes of the pool, as if the host had
 * ended. The descriptors stay open, since a thread may be using them: it finds the channel at its
 * end-of-file. Does not wait, needs no lock, and is async-signal-safe. */
void pool__cut(const pool_t *pool);

#endif
