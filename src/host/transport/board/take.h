/* Results and failure records from the board. With the lock held. */
#ifndef POOL_HOST_TRANSPORT_BOARD_TAKE_H
#define POOL_HOST_TRANSPORT_BOARD_TAKE_H

#include <stdint.h>
#include <sys/types.h>

#include "procpool.h"

/* Takes results and failure records of the chunk's items up to the first `ended`, as this worker, in this
 * process, has written them. Items whose failure records make no sense end as corrupt. */
void pool__take(pool_t *pool, uint32_t number, uint64_t ended, int worker, pid_t pid);

#endif
