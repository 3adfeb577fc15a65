/* A pool's own memory, and which calls may use the pool. */
#ifndef POOL_HOST_ENGINE_POOL_H
#define POOL_HOST_ENGINE_POOL_H

#include "procpool.h"

/* Whether the calling thread may use the pool. Returns 0; POOL_ENOPOOL for NULL; or POOL_EFORKED. A
 * process may use the pools that it made. A function that runs in a serial pool may use only the
 * pools that were made in that serial pool's functions, as if it ran in a worker. */
int pool__check(const pool_t *pool);

/* Goes inside the pool, with its lock held, if the calling thread may use it. Returns 0 or an error of
 * pool__check() or pool__enter(). */
int pool__go_inside(pool_t *pool);

/* Whether the pool takes calls that run items. Returns 0, POOL_ECLOSED or POOL_EBROKEN. With the
 * lock held. */
int pool__check_phase(const pool_t *pool);

/* Whether the pool takes one more call with these options (or NULL) that runs items, now. Makes room
 * for its job. Returns as pool__check_phase() does, or -ENOMEM. With the lock held. */
int pool__admit(pool_t *pool, const pool_map_options_t *options);

/* Makes a pool without a board, accounts or processes. NULL: no memory. */
pool_t *pool__new(void);

/* Maps the board and makes the accounts, for the options in the pool's `launch`. Returns 0 or a
 * negative code; then pool__deallocate() frees what there is. */
int pool__allocate(pool_t *pool);

/* Frees the pool and all memory that it has, also after pool__allocate() failed or was not
 * called. */
void pool__deallocate(pool_t *pool);

#endif
