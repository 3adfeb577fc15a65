/* The arrays of futures that pool_as_completed() goes through. With the lock held. */
#ifndef POOL_HOST_API_SET_H
#define POOL_HOST_API_SET_H

#include "procpool.h"

/* Frees the watches on all arrays. For a pool that ends. */
void pool__arrays_free(pool_t *pool);

#endif
