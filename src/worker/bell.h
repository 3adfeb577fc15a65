/* Waking the host. */
#ifndef POOL_WORKER_BELL_H
#define POOL_WORKER_BELL_H

#include <stdbool.h>

#include "worker/self.h"

/* Remembers which pipe `descriptor` is. */
void pool__bell_init(struct bell *bell, int descriptor);

/* Tells a sleeping host that it has waited for enough; `now`: that it has in any case. */
void pool__wake_host(struct worker *worker, bool now);

#endif
