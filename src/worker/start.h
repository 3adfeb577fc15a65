/* What a new process does to itself before it works. */
#ifndef POOL_WORKER_START_H
#define POOL_WORKER_START_H

#include "worker/self.h"

/* Makes this process a worker's: bound to its supervisor, out of the host's streams and half of the board,
 * and where and how the options have it run. Leaves the process when that cannot be. */
void pool__start_process(const struct worker *worker);

/* Runs the initializer, if there is one. Returns 0, or the code it failed with, which is recorded. */
int pool__initialize(struct worker *worker);

/* Runs the initializer, if there is one; leaves the process when it fails. */
void pool__start_initializer(struct worker *worker);

/* One who started early waits here for its predecessor's end. */
void pool__wait_to_succeed(const struct worker *worker);

#endif
