/* A dry run: functions of the user's run in a copy of the host first, where they may crash or exit. */
#ifndef POOL_HOST_BASE_DRYRUN_H
#define POOL_HOST_BASE_DRYRUN_H

#include "common/board.h"

/* Runs `body(argument)` in a forked copy of the host. What the copy is to bring back it writes to `*dry_run`,
 * which must be shared memory, or to other such memory. Returns 0 when `body` returned; 1 when the copy
 * ended before that, with `*status` as from waitpid(); or a negated errno value when it was not run. */
int pool__run_dry(struct pool__dry_run *dry_run, void (*body)(void *argument), void *argument,
                  int *status);

#endif
