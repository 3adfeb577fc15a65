/* The crash report: what a worker writes into its slot when a signal kills it. */
#ifndef POOL_WORKER_CRASH_H
#define POOL_WORKER_CRASH_H

#include "common/board.h"

/* Installs handlers that write the crash report into `slot`, after which the signal kills the
 * worker. */
void pool__crash_watch(struct pool__slot *slot);

#endif
