/* Where callbacks are made: in any thread that waits in the library, unless the pool has a callback home. */
#ifndef POOL_HOST_ENGINE_HOME_H
#define POOL_HOST_ENGINE_HOME_H

#include <stdbool.h>

#include "host/pool.h"

/* Set by whoever can be called back at a place of its own, such as a program's event loop. With the lock
 * held. */
struct pool__callback_home {
    /* Whether this thread is the one that makes callbacks. */
    bool (*is_here)(const struct pool__callback_home *home);
    /* Has the home wait for more (`unfinished`), or lets it end; sets `held`. In its own thread only. */
    void (*hold)(struct pool__callback_home *home, bool unfinished);
    bool held;
};

/* Whether callbacks are made by another thread than this one. */
static inline bool pool__calls_elsewhere(const pool_t *pool)
{
    return pool->callback_home && !pool->callback_home->is_here(pool->callback_home);
}

#endif
