/* Ends a job before its items have all been run. With the lock held. */
#ifndef POOL_HOST_ENGINE_STOP_H
#define POOL_HOST_ENGINE_STOP_H

#include <stdbool.h>

#include "procpool.h"

/* Stops the job: ends its items that have not started as `kind`, POOL_CANCELLED or POOL_TIMED_OUT,
 * and lets no further item start. `kill`: also ends the items that run, and kills their workers, if
 * the transport can. */
void pool__stop(pool_t *pool, struct pool_future *job, pool_error_kind_t kind, bool kill);

#endif
