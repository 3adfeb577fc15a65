/* A pool on a libuv loop of the program's. */
#ifndef POOL_HOST_API_LOOP_H
#define POOL_HOST_API_LOOP_H

#include "procpool.h"

/* Takes the pool from its loop, if it is on one; the handle closes by itself. With the lock held. */
void pool__detach(pool_t *pool);

#endif
