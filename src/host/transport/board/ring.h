/* Publishes chunks, by the ring of tickets or by a mailbox, and frees them. With the lock held. */
#ifndef POOL_HOST_TRANSPORT_BOARD_RING_H
#define POOL_HOST_TRANSPORT_BOARD_RING_H

#include <stdint.h>

#include "procpool.h"

/* Writes a ticket for the chunk's present generation into the ring. */
void pool__queue_ticket(pool_t *pool, uint32_t number);

/* Publishes the chunk: fills its order from the account, queues it under a new generation, and puts
 * the ticket into the ring, or for a broadcast into the worker's mailbox. */
void pool__publish(pool_t *pool, uint32_t number);

/* Puts the chunk into the mailbox of the worker whose number is the index of its item. That worker
 * may have left because there was nothing to do; then the supervisor has to look. A mailbox may hold
 * another chunk that is still queued, if this one comes back after a death: then this one counts as
 * displaced. */
void pool__put_in_mailbox(pool_t *pool, uint32_t number);

/* Puts displaced chunks into their mailboxes, as far as these are empty. */
void pool__refill_mailboxes(pool_t *pool);

/* Empties the mailbox that holds this chunk's ticket, if one does. */
void pool__empty_mailbox(pool_t *pool, uint32_t number);

/* Frees the chunk, its memory and its number. All its items must have an end, and no worker may
 * write to its memory any more. A fold gets the accumulator, which is copy 0. */
void pool__release(pool_t *pool, uint32_t number);

#endif
