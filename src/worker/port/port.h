/* The port: how chunks reach a worker and go back. board.c and sleep.c do this by way of the board;
 * inline.c is the worker without a process. */
#ifndef POOL_WORKER_PORT_PORT_H
#define POOL_WORKER_PORT_PORT_H

#include <stdbool.h>
#include <stdint.h>

#include "worker/self.h"

/* Claims the chunk in this worker's mailbox, or else the oldest one in the first ring that has one.
 * False when there is none. */
bool pool__claim_next(struct worker *worker, uint32_t *chunk, uint32_t *generation);

/* Commits a chunk and has the host look at it. Leaves the process when the host has taken the chunk
 * from this worker. */
void pool__commit_chunk(struct worker *worker, uint32_t chunk, uint32_t generation);

/* Gives the host the results of the chunk so far, and returns when the host has taken them and made
 * room. `wanted`: bytes that the next result needs. There may be less room than that. Leaves the
 * process when the host has taken the chunk from this worker. */
void pool__hand_over(struct worker *worker, uint32_t chunk, uint32_t generation, uint64_t wanted);

/* Waits until there may be a chunk to claim or a reason to leave. Leaves the process when the
 * supervisor has ended. */
void pool__rest(struct worker *worker);

#endif
