/* The board's memory and the system's. With the lock held. */
#ifndef POOL_HOST_TRANSPORT_BOARD_MEMORY_H
#define POOL_HOST_TRANSPORT_BOARD_MEMORY_H

#include "procpool.h"

/* Gives memory that only large calls needed back to the system. */
void pool__trim(pool_t *pool);

#endif
