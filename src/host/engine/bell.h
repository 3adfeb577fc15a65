/* The descriptors on which the host sleeps, and by which it is woken. With the lock held. */
#ifndef POOL_HOST_ENGINE_BELL_H
#define POOL_HOST_ENGINE_BELL_H

#include <stdbool.h>

#include "procpool.h"

/* Blocks until the result bell rings, the supervisor says something, pool__wake_driver() is called, or time
 * is up. Needs no lock, but one thread at a time. */
void pool__block(const pool_t *pool, int milliseconds);

/* Empties the result bell and the driver's. */
void pool__silence(const pool_t *pool);

/* Wakes the thread that drives the pool, if there is one: something has changed on this side. Of a serial
 * pool, wakes all threads that wait. */
void pool__wake_driver(pool_t *pool);

/* Has all threads that wait look again, and the one that drives the pool. */
void pool__announce(pool_t *pool);

/* Opens the descriptor of pool_fileno(). Returns 0 or a negated errno value. */
int pool__open_epoll(pool_t *pool);

/* Takes the channels to the supervisor, which is gone, out of that: they would be readable for ever. */
void pool__forget_channels(const pool_t *pool);

/* Has pool_fileno() become readable when there is something to do, now or later. */
void pool__attend(pool_t *pool);

/* Has it become readable when the first deadline has come; and at once while the callback home has
 * something to do that no other thread may, or pool_step() has not told of what other calls have taken. */
void pool__set_alarm(pool_t *pool);

#endif
