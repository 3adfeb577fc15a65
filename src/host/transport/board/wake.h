/* Sleeping and waking, across the board. */
#ifndef POOL_HOST_TRANSPORT_BOARD_WAKE_H
#define POOL_HOST_TRANSPORT_BOARD_WAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "procpool.h"

/* Waits until something may have happened, `milliseconds` at most (negative: no limit), with `outstanding`
 * chunks: until half of them are done; or any, if `eager` or if there is no more work for a worker that is
 * done. Spins first when that is likely to pay. Needs no lock, but one thread at a time. */
void pool__wait(pool_t *pool, uint32_t outstanding, bool eager, int milliseconds);

/* Has the result bell ring with the next commit; false when there has been a commit already. */
bool pool__listen(pool_t *pool);

/* Wakes as many sleeping workers as there are queued chunks; or this one. */
void pool__wake_some(pool_t *pool);
void pool__wake_worker(pool_t *pool, int worker);

/* Wakes the workers with this number and all higher ones. */
void pool__wake_from(pool_t *pool, int first);

/* Wakes all workers, and recalls those that left for want of work, whatever their slots say. */
void pool__wake_all(pool_t *pool);

/* Asks the supervisor for the workers that left for want of work. */
void pool__recall_idle(pool_t *pool);

#endif
