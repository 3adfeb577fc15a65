/* Items of jobs as chunks on the board. With the lock held. */
#ifndef POOL_HOST_TRANSPORT_BOARD_PUT_H
#define POOL_HOST_TRANSPORT_BOARD_PUT_H

#include <stdbool.h>

#include "host/stream/encode.h"
#include "procpool.h"

/* Makes a chunk of the job's next items and publishes it: see struct pool__transport_ops. */
enum pool__placing pool__put(pool_t *pool, struct pool_future *job);

/* Whether one more chunk of the job may be out, beyond those that each job may have: see struct
 * pool__transport_ops. */
bool pool__has_room(const pool_t *pool, const struct pool_future *job);

#endif
