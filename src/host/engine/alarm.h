/* The descriptor of pool_fileno(), by which a program's own loop is woken, and its timer. With the
 * lock held. */
#ifndef POOL_HOST_ENGINE_ALARM_H
#define POOL_HOST_ENGINE_ALARM_H

#include <stdint.h>

#include "procpool.h"

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

/* Wakes the driving thread if it would look too late or too seldom for a job that was submitted. */
void pool__look_sooner(pool_t *pool);

/* Sets the timer of pool_fileno() to the first deadline. Sets it to the past, so that the
 * descriptor is readable at once, in three cases: something was announced that pool_step() has not
 * told its caller yet, last callbacks are due, or the callback home is to be held or let go. */
void pool__set_alarm(pool_t *pool);

#endif
