/* The result bell: a pipe by which a worker wakes the host. */
#ifndef POOL_WORKER_BELL_H
#define POOL_WORKER_BELL_H

#include <stdbool.h>

#include "worker/self.h"

/* Records which pipe `descriptor` is. */
void pool__bell_init(struct bell *bell, int descriptor);

/* Wakes the host if it sleeps and as many chunks are committed as it waits for. `now`: wakes it
 * however few are. Leaves the process when a task has closed the pipe. */
void pool__wake_host(struct worker *worker, bool now);

#endif
