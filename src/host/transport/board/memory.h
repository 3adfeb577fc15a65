/* Gives memory of the board back to the system. With the lock held. */
#ifndef POOL_HOST_TRANSPORT_BOARD_MEMORY_H
#define POOL_HOST_TRANSPORT_BOARD_MEMORY_H

#include "procpool.h"

/* Gives back what only large calls have needed. Keeps what is in use, and some more for the next
 * calls. */
void pool__trim(pool_t *pool);

#endif
