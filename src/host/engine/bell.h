/* The descriptors on which the driving thread sleeps, and by which it is woken.
 *
 * The result bell is a pipe to which workers write. The driver's bell is an eventfd to which
 * threads of the host write. Both only wake: a wake-up means "look", so a wake-up too many does no
 * harm. */
#ifndef POOL_HOST_ENGINE_BELL_H
#define POOL_HOST_ENGINE_BELL_H

#include <stdbool.h>

#include "procpool.h"

/* Blocks until something is written to a bell, the supervisor sends a message, or the time is up
 * (negative: no limit). Needs no lock, but only one thread at a time may call it. */
void pool__block(const pool_t *pool, int milliseconds);

/* Empties both bells. */
void pool__silence(const pool_t *pool);

/* Writes to the driver's bell. Needs no lock, and is async-signal-safe except that it may change
 * errno. */
void pool__ring(const pool_t *pool);

#endif
