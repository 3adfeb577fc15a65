/* How chunks reach this worker, and go back. */
#ifndef POOL_WORKER_PORT_PORT_H
#define POOL_WORKER_PORT_PORT_H

#include <stdbool.h>
#include <stdint.h>

#include "worker/self.h"

/* Claims the chunk for this worker alone, or the oldest queued one; false when there is none. */
bool pool__claim_next(struct worker *worker, uint32_t *chunk, uint32_t *generation);

/* Gives the chunk back. Leaves the process if it was settled over its head. */
void pool__commit_chunk(struct worker *worker, uint32_t chunk, uint32_t generation);

/* Lets the host take the results of the chunk so far, and returns when it has. `wanted`: how much room the
 * next result needs. Leaves the process if the chunk was settled over its head. */
void pool__hand_over(struct worker *worker, uint32_t chunk, uint32_t generation, uint64_t wanted);

/* Waits until there may be a chunk to claim, or a reason to leave. Leaves the process when the
 * supervisor is gone. */
void pool__rest(struct worker *worker);

#endif
