/* The process groups of the workers, when the supervisor can no longer end them. */
#ifndef POOL_HOST_PROCESS_GROUPS_H
#define POOL_HOST_PROCESS_GROUPS_H

#include "procpool.h"

/* Kills what is left of the groups that the workers lead, by the account of the members. For a pool
 * whose supervisor has ended. A number may belong to another group by now: only a group of the
 * host's session is killed, and none whose leader was started after the host had heard of the
 * worker. Where /proc does not tell, none is. */
void pool__kill_groups(const pool_t *pool);

#endif
