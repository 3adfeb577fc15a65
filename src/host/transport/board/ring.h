/* Chunks into the ring of tickets or into a mailbox, and out of the account. With the lock held. */
#ifndef POOL_HOST_TRANSPORT_BOARD_RING_H
#define POOL_HOST_TRANSPORT_BOARD_RING_H

#include <stdint.h>

#include "procpool.h"

/* Writes a ticket of the chunk's present generation into the ring. */
void pool__queue_ticket(pool_t *pool, uint32_t number);

/* Gives the chunk, as the account has it, to the workers under a new generation; a chunk without items is
 * freed. */
void pool__publish(pool_t *pool, uint32_t number);

/* Empties the mailbox that the chunk was put in, if any, unless another chunk is there by now. */
void pool__empty_mailbox(pool_t *pool, uint32_t number);

/* Frees the chunk, its memory and its number: all its items have an end. */
void pool__release(pool_t *pool, uint32_t number);

#endif
