/* How long a worker may work. */
#ifndef POOL_WORKER_LIMITS_H
#define POOL_WORKER_LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "worker/self.h"

/* Its work begins; its start took so many nanoseconds. */
void pool__limits_begin(struct worker *worker, uint64_t start);

/* So many more items have ended: returns, and sets limits.over, when it is time to leave, and asks for a
 * successor when it soon will be. */
bool pool__limits_watch(struct worker *worker, size_t items);

#endif
