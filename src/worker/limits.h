/* Limits: how many items a worker may run, and how much memory it may use, before it leaves and a
 * successor takes over. */
#ifndef POOL_WORKER_LIMITS_H
#define POOL_WORKER_LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "worker/self.h"

/* The worker begins to work. Its start took `start` nanoseconds. */
void pool__limits_begin(struct worker *worker, uint64_t start);

/* `items` more items have ended. Asks for a successor when the worker will soon have to leave.
 * Returns whether it has to leave now, which limits.over says too. */
bool pool__limits_watch(struct worker *worker, size_t items);

#endif
