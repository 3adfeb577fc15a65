/* A pool on a libuv loop of the program's. */
#ifndef POOL_HOST_API_LOOP_H
#define POOL_HOST_API_LOOP_H

#include "procpool.h"

/* Takes the pool off its loop; the handle on the loop closes by itself. Does nothing for NULL and
 * for a pool on no loop. With the lock held, except in a forked copy of the host. */
void pool__detach(pool_t *pool);

#endif
