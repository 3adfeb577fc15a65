/* Running the items of one chunk. */
#ifndef POOL_WORKER_RUN_H
#define POOL_WORKER_RUN_H

#include <stdint.h>

#include "worker/self.h"

/* Runs a claimed chunk and records its progress in the cell. Stops early when the chunk's failure
 * records are full, the chunk is cancelled, a limit is reached or the worker is superfluous. */
void pool__run_chunk(struct worker *worker, uint32_t chunk, uint32_t generation);

#endif
