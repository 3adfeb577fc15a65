/* A pool's own memory, and which calls may use the pool. */
#ifndef POOL_HOST_ENGINE_POOL_H
#define POOL_HOST_ENGINE_POOL_H

#include "procpool.h"

/* Whether calls from this process may use the pool: 0, POOL_ENOPOOL or POOL_EFORKED. */
int pool__check(const pool_t *pool);

/* Whether the pool takes calls that run items: 0, POOL_ECLOSED or POOL_EBROKEN. With the lock held. */
int pool__check_phase(const pool_t *pool);

/* Makes a pool with nothing in it yet; NULL when there is no memory. */
pool_t *pool__new(void);

/* Maps the board, for the options that are in it, and makes the accounts. Returns 0 or a negative code. */
int pool__allocate(pool_t *pool);

/* Frees the pool and all it has, whether or not it was allocated. */
void pool__deallocate(pool_t *pool);

#endif
