/* What the calls on one future and those on several share. With the lock held. */
#ifndef POOL_HOST_API_FUTURE_H
#define POOL_HOST_API_FUTURE_H

#include <stdbool.h>

#include "procpool.h"

/* Whether the calling thread may use the future. It may until the future is given back. The
 * callbacks of the pool may use it even then. */
bool pool__is_held(const pool_future_t *future);

/* What pool_map() would have returned for this call, which has ended. */
int pool__result_of(const pool_future_t *future);

#endif
