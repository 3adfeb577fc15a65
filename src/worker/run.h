/* The items of one chunk. */
#ifndef POOL_WORKER_RUN_H
#define POOL_WORKER_RUN_H

#include <stdint.h>

#include "worker/self.h"

/* Runs the claimed chunk up to its end, or until its failure records are full, and says in the cell how far
 * it came. */
void pool__run_chunk(struct worker *worker, uint32_t chunk, uint32_t generation);

#endif
