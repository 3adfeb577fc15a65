/* The crash report. */
#ifndef POOL_WORKER_CRASH_H
#define POOL_WORKER_CRASH_H

#include "common/board.h"

/* Installs the handlers that write the crash report into `slot` and then let the signal kill. */
void pool__crash_watch(struct pool__slot *slot);

#endif
