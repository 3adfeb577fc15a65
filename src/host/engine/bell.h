/* The descriptors on which the host sleeps, and by which it is woken. With the lock held, except
 * for pool__block() and pool__ring().
 *
 * The result bell is a pipe to which workers write. The driver's bell is an eventfd to which
 * threads of the host write. Both only wake: a wake-up means "look", so a wake-up too many does no
 * harm. */
#ifndef POOL_HOST_ENGINE_BELL_H
#define POOL_HOST_ENGINE_BELL_H

#include <stdbool.h>
#include <stdint.h>

#include "procpool.h"

/* Blocks until something is written to a bell, the supervisor sends a message, or the time is up
 * (negative: no limit). Needs no lock, but only one thread at a time may call it. */
void pool__block(const pool_t *pool, int milliseconds);

/* Empties both bells. */
void pool__silence(const pool_t *pool);

/* Writes to the driver's bell. Needs no lock, and is async-signal-safe except that it may change
 * errno. */
void pool__ring(const pool_t *pool);

/* Says that something has changed on the host's side. Wakes the thread that drives the pool, and
 * makes the descriptor of pool_fileno() readable if it is open. In a serial pool it also wakes
 * every thread that waits. */
void pool__wake_driver(pool_t *pool);

/* Has every thread that waits look again, the thread that drives the pool included. Records that
 * pool_step() has news to tell. */
void pool__announce(pool_t *pool);

/* Opens the descriptor of pool_fileno() and its timer. Returns 0 or a negated errno value. */
int pool__open_epoll(pool_t *pool);

/* Returns the earliest of `deadline`, the time of the next tick, the time at which a message is sent
 * again, and the times at which jobs are out of time or their workers are killed. */
uint64_t pool__earliest(const pool_t *pool, uint64_t deadline);

/* Takes the channels to the supervisor out of the descriptor of pool_fileno(). For a pool whose
 * supervisor is gone: its channels are at their end-of-file, so they stay readable for ever. */
void pool__forget_channels(const pool_t *pool);

/* Has the descriptor of pool_fileno() become readable when there is something to do, now or later,
 * and the callback home wait as long as calls have not ended. */
void pool__attend(pool_t *pool);

/* Sets the timer of pool_fileno() to the first deadline. Sets it to the past, so that the
 * descriptor is readable at once, in two cases: the callback home has something to do that no other
 * thread may do, or something was announced that pool_step() has not told its caller yet. */
void pool__set_alarm(pool_t *pool);

#endif
