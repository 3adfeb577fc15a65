/* A dry run: functions of the user's run in a copy of the host first. If one of them crashes or
 * exits, only the copy ends. */
#ifndef POOL_HOST_BASE_DRYRUN_H
#define POOL_HOST_BASE_DRYRUN_H

#include "common/board.h"

/* Runs `body(argument)` in a forked copy of the host, and returns when the copy has ended. Only
 * what `body` writes to shared memory reaches the host; `*dry_run` must lie there. Returns 0 when
 * `body` has returned; 1 when the copy ended before that, with its wait status in `*status`; or a
 * negated errno value when there was no copy. */
int pool__run_dry(struct pool__dry_run *dry_run, void (*body)(void *argument), void *argument,
                  int *status);

#endif
