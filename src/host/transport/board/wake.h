/* The host's sleep until workers commit, and the waking of workers. With the lock held, unless said
 * otherwise. A pool that is being made needs no lock. */
#ifndef POOL_HOST_TRANSPORT_BOARD_WAKE_H
#define POOL_HOST_TRANSPORT_BOARD_WAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "procpool.h"

/* Whether a worker has committed since the host collected. Spins for a commit first when that is
 * likely to pay; `outstanding` chunks are under way. Without the lock, in one thread at a time. */
bool pool__await_commit(pool_t *pool, uint32_t outstanding);

/* Has workers wake the host when `enough` more chunks are committed. They also do when a worker finds
 * no more work, and when a chunk is FULL or has an urgent failure. Returns false if a commit waits to
 * be collected already. The second undoes it. Without the lock, in one thread at a time. */
bool pool__arm(pool_t *pool, uint32_t enough);
void pool__disarm(pool_t *pool);

/* Asks the next commit to write to the result bell. False when a commit waits to be collected
 * already. */
bool pool__listen(pool_t *pool);

/* Wakes as many sleeping workers as there are queued chunks, less the workers that will look for a
 * chunk anyway. */
void pool__wake_some(pool_t *pool);

/* Wakes this worker if it sleeps. */
void pool__wake_worker(pool_t *pool, int worker);

/* Wakes the workers with number `first` and higher that sleep. */
void pool__wake_from(pool_t *pool, int first);

/* Wakes all workers, whatever their slots say, and recalls those that left because there was
 * nothing to do. */
void pool__wake_all(pool_t *pool);

/* Asks the supervisor to replace workers that left because there was nothing to do, as far as there
 * are chunks for them. */
void pool__recall_idle(pool_t *pool);

#endif
