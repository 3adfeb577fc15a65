/* The entrances of the two roles that run in forked processes, supervisor and worker; what crosses
 * the forks; and the inline worker, which has no process. */
#ifndef POOL_COMMON_ROLES_H
#define POOL_COMMON_ROLES_H

#include <stdbool.h>
#include <stdint.h>
#include <stdnoreturn.h>

#include "common/board.h"
#include "common/image.h"
#include "procpool.h"

/* All that a supervisor or a worker uses of the host's memory. Made in the host, constant
 * afterwards. */
struct pool__launch {
    struct pool__board *board;
    /* What the supervisor maps the host's half by: see pool__board_seal(). Supervisor and host close
     * it once the supervisor is forked; no worker has it. -1: there is none. */
    int board_file;
    pool_options_t options;   /* normalised: no defaults left */
    int depth;                /* how many pools a worker is within: 1 in an outermost pool */
    int share;                /* processes that the pools of one worker may have together */
    struct pool__image image; /* what was loaded when the pool was made */
    int result_write;         /* the result bell: a worker that writes here wakes the host */
    int control;              /* the supervisor's end of the control channel */
    int host, session;        /* the host's pid, and its session when the pool was made */
    int host_pidfd;           /* readable when the host has ended; -1 where the system has none */
    /* The host's own ends, and an eventfd by which its threads wake the thread that drives the
     * pool. The supervisor closes them before it does anything else. */
    int result_read, control_host, driver_bell;
};

/* Runs the supervisor. The caller has blocked all signals. */
noreturn void pool__supervisor_main(const struct pool__launch *launch);

/* Runs worker number `worker` in its `life`-th life. Process `supervisor` has forked it. */
noreturn void pool__worker_main(const struct pool__launch *launch, int worker, uint32_t life,
                                int supervisor);

/* ---- The inline worker: worker 0 of a serial pool, in the host's own process ---- */

/* The inline worker runs in threads of the host, in one at a time. It never ends the process, waits
 * or wakes. */
struct worker;

/* Makes an inline worker. It calls `serve(context)` when the results of a chunk want more room;
 * `serve` answers that on the board before it returns. NULL: no memory. */
struct worker *pool__inline_open(const struct pool__launch *launch, void (*serve)(void *context),
                                 void *context);

/* Runs the initializer. False when it failed; then the worker's failure records say why. */
bool pool__inline_start(struct worker *worker);

/* Claims a chunk, runs it and commits it. False when none is queued. */
bool pool__inline_run(struct worker *worker);

/* Runs the finalizer. */
void pool__inline_leave(struct worker *worker);

/* Frees the worker; NULL is allowed. */
void pool__inline_close(struct worker *worker);

#endif
