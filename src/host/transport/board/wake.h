/* The host's sleep until workers commit, and the waking of workers. With the lock held, except for
 * pool__wait(). A pool that is being made needs no lock. */
#ifndef POOL_HOST_TRANSPORT_BOARD_WAKE_H
#define POOL_HOST_TRANSPORT_BOARD_WAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "procpool.h"

/* Waits until there may be something to do, for at most `milliseconds` (negative: no limit).
 * `outstanding` chunks are under way. Spins first when that is likely to pay; any commit ends the
 * spin. Then sleeps until half of these chunks are committed, or until any commit if `eager` or if
 * there are fewer than 4. The sleep also ends when a worker finds no more work, when a chunk is
 * FULL or has an urgent failure, when the supervisor sends a message, and by pool__wake_driver().
 * Without the lock, in one thread at a time. */
void pool__wait(pool_t *pool, uint32_t outstanding, bool eager, int milliseconds);

/* Asks the next commit to write to the result bell. False when a commit waits to be collected
 * already. */
bool pool__listen(pool_t *pool);

/* Wakes as many sleeping workers as there are queued chunks, less the workers that will look for a
 * chunk anyway. In a serial pool, wakes the threads that wait. */
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
