/* The entrances of the two roles that are forked, and all that crosses the forks; and of the worker
 * without a process. */
#ifndef POOL_COMMON_ROLES_H
#define POOL_COMMON_ROLES_H

#include <stdbool.h>
#include <stdint.h>
#include <stdnoreturn.h>

#include "common/board.h"
#include "common/image.h"
#include "procpool.h"

/* Everything a child uses of its host: made in the host, constant afterwards. */
struct pool__launch {
    struct pool__board *board;
    pool_options_t options;   /* normalised: no defaults left */
    int depth;                /* of workers within workers: 1 in those of an outermost pool */
    int share;                /* processes that the pools of each worker may have together */
    struct pool__image image; /* what is loaded */
    int result_write;         /* doorbell of the host */
    int control;              /* the supervisor's end */
    int host_pidfd;           /* readable when the host is gone; -1 where there is none */
    /* The host's own ends, and an eventfd by which its threads wake the one that waits for all: closed
     * first thing in the supervisor. */
    int result_read, control_host, driver_bell;
};

/* Runs the supervisor. All signals are blocked by the caller. */
noreturn void pool__supervisor_main(const struct pool__launch *launch);

/* Runs worker number `worker`, the `life`-th of that number, forked by process `supervisor`. */
noreturn void pool__worker_main(const struct pool__launch *launch, int worker, uint32_t life,
                                int supervisor);

/* ---- The inline worker: worker 0 of a serial pool, in the host's own process ---- */

/* Nothing of it ends the process, waits or wakes. It runs in threads of the host, one at a time. */
struct worker;

/* Makes one. `serve(context)` is called while a chunk runs, when its results want more room: it
 * answers what has been asked on the board. NULL: no memory. */
struct worker *pool__inline_open(const struct pool__launch *launch, void (*serve)(void *context),
                                 void *context);

/* Runs the initializer. False when it failed; why is in the worker's failure records. */
bool pool__inline_start(struct worker *worker);

/* Claims a chunk, runs it and commits it. False when none is queued. */
bool pool__inline_run(struct worker *worker);

/* Runs the finalizer. */
void pool__inline_leave(struct worker *worker);

/* Frees it; NULL is allowed. */
void pool__inline_close(struct worker *worker);

#endif
