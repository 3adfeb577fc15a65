/* Items of the jobs to the workers: which job is next, and how much of it is given out. With the
 * lock held. */
#ifndef POOL_HOST_ENGINE_GIVE_H
#define POOL_HOST_ENGINE_GIVE_H

#include "procpool.h"

/* Puts items of the jobs into chunks and publishes the chunks, until no job should have more of
 * them outstanding or there is no room. Then wakes workers. */
void pool__fill(pool_t *pool);

#endif
