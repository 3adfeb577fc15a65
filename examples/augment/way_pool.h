/* The work in a pool. */
#ifndef AUGMENT_WAY_POOL_H
#define AUGMENT_WAY_POOL_H

#include "ways.h"

/* Does what ways_run() does, in a pool. */
int way_pool_run(const struct crew *crew);

#endif
