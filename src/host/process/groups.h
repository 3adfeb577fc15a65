/* The process groups of the workers, when the supervisor can no longer end them. */
#ifndef POOL_HOST_PROCESS_GROUPS_H
#define POOL_HOST_PROCESS_GROUPS_H

#include "procpool.h"

/* Kills what is left of the groups that the workers lead, by the account of the members. For a pool
 * whose supervisor has ended. A number may have been given to another group since: a group is left
 * alone if it is of another session than the pool, or if its leader was started after the worker
 * was seen alive. A group without its leader counts as the worker's. Where /proc does not tell,
 * none is killed. */
void pool__kill_groups(const pool_t *pool);

#endif
