/* Running a user's function in a copy of the host, where it may crash or exit. */
#ifndef POOL_HOST_DRYRUN_H
#define POOL_HOST_DRYRUN_H

#include "host/pool.h"

/* Runs `body(argument)` in a forked copy of the host. What it is to bring back it writes to the
 * board, pool->board->dry_run for instance. Returns 0 when it returned; 1 when its process ended
 * before, with `*status` as from waitpid(); or a negated errno value when it was not run. */
int pool__run_dry(pool_t *pool, void (*body)(void *argument), void *argument, int *status);

/* The error of an item over which a process died with this status. */
pool_error_t pool__death_error(int status);

#endif
