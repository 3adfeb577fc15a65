/* Where callbacks are made. A pool without a callback home makes them in any thread that waits in
 * the library, or that steps. A callback home, such as a program's event loop, makes them in its
 * own thread. */
#ifndef POOL_HOST_ENGINE_HOME_H
#define POOL_HOST_ENGINE_HOME_H

#include <stdbool.h>

#include "host/pool.h"

/* Set by the unit that runs the home: see api/loop.c. With the lock held. */
struct pool__callback_home {
    /* Whether the calling thread is the home's own, which makes the callbacks. */
    bool (*is_here)(const struct pool__callback_home *home);
    /* true: has the home go on until calls have ended. false: lets the home end. Sets `held` to the
     * same value. Called in the home's own thread only. */
    void (*hold)(struct pool__callback_home *home, bool unfinished);
    bool held; /* the home goes on, since calls have not ended */
};

/* Whether the pool has a callback home and the calling thread is not the home's. */
static inline bool pool__calls_elsewhere(const pool_t *pool)
{
    return pool->callback_home && !pool->callback_home->is_here(pool->callback_home);
}

#endif
