/* Arrays in memory that the host shares with the workers. */
#ifndef POOL_HOST_API_SHARED_H
#define POOL_HOST_API_SHARED_H

#include <stdbool.h>
#include <stddef.h>

#include "procpool.h"

/* Whether [data, data + bytes) lies in one of the pool's shared arrays. With the lock held. */
bool pool__in_shared_array(const pool_t *pool, const void *data, size_t bytes);

#endif
