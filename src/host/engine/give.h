/* Items of the jobs to the workers: which job is next, and how much it gets. With the lock held. */
#ifndef POOL_HOST_ENGINE_GIVE_H
#define POOL_HOST_ENGINE_GIVE_H

#include "procpool.h"

/* Puts items of the jobs into chunks and publishes them, as many as is good for now. */
void pool__fill(pool_t *pool);

#endif
