/* Callbacks: made without the lock, by one thread at a time. With the lock held otherwise. */
#ifndef POOL_HOST_ENGINE_NOTIFY_H
#define POOL_HOST_ENGINE_NOTIFY_H

#include <stdbool.h>

#include "procpool.h"

/* Whether this thread is in one of the pool's callbacks. */
bool pool__in_callback(const pool_t *pool);

/* Makes the callbacks that are due, unless another thread is making some or they are made elsewhere. */
void pool__make_calls(pool_t *pool);

#endif
