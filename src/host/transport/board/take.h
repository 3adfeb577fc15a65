/* Takes results and failure records from the board. With the lock held. */
#ifndef POOL_HOST_TRANSPORT_BOARD_TAKE_H
#define POOL_HOST_TRANSPORT_BOARD_TAKE_H

#include <stdint.h>
#include <sys/types.h>

#include "procpool.h"

/* Takes the results and failure records of the chunk's first `ended` items, except those of items
 * that have an end already. Worker number `worker`, in process `pid`, has written them. If a
 * failure record makes no sense, the items from there on end as corrupt. */
void pool__take(pool_t *pool, uint32_t number, uint64_t ended, int worker, pid_t pid);

#endif
