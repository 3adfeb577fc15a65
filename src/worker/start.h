/* The start of a worker: what a new process does to itself before it works. */
#ifndef POOL_WORKER_START_H
#define POOL_WORKER_START_H

#include "worker/self.h"

/* Turns a copy of the supervisor into a worker's process. It dies with the supervisor, and leads a
 * process group. It forgets what the host had in its streams, and may only read the host's half of
 * the board. It runs where and how the options say. Leaves the process when that fails. */
void pool__start_process(const struct worker *worker);

/* Runs the initializer, if there is one. Returns 0 or the code that it failed with. The failure is
 * recorded on the board. */
int pool__initialize(struct worker *worker);

/* Like pool__initialize(), but leaves the process when the initializer fails, or when the supervisor
 * has ended meanwhile. Whatever the initializer did, the process dies with the supervisor. */
void pool__start_initializer(struct worker *worker);

/* Waits, in a successor, until its predecessor has ended. Leaves the process when the supervisor
 * has ended. */
void pool__wait_to_succeed(const struct worker *worker);

#endif
