/* Callbacks of jobs, made by one thread at a time. With the lock held; it is released while a
 * callback runs. */
#ifndef POOL_HOST_ENGINE_NOTIFY_H
#define POOL_HOST_ENGINE_NOTIFY_H

#include <stdbool.h>

#include "procpool.h"

/* Whether the calling thread is inside one of the pool's callbacks. */
bool pool__in_callback(const pool_t *pool);

/* Makes the callbacks that are due and that this thread may make. Does nothing while a callback
 * runs, in this thread or another. */
void pool__make_calls(pool_t *pool);

/* Ends the jobs that have no callback to be made. */
void pool__finish_silent(pool_t *pool);

#endif
