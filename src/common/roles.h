/* The entrances of the two roles that are forked, and all that crosses the forks. */
#ifndef POOL_COMMON_ROLES_H
#define POOL_COMMON_ROLES_H

#include <stdint.h>
#include <stdnoreturn.h>

#include "common/board.h"
#include "common/image.h"
#include "procpool.h"

/* Everything a child uses of its host: made in the host, constant afterwards. */
struct pool__crossing {
    struct pool__board *board;
    pool_options_t options;   /* normalised: no defaults left */
    struct pool__image image; /* what is loaded */
    int result_write;         /* doorbell of the host */
    int control;              /* the supervisor's end */
    int host_pidfd;           /* readable when the host is gone; -1 where there is none */
    /* The host's own ends, and an eventfd by which its threads wake the one that waits for all: closed
     * first thing in the supervisor. */
    int result_read, control_host, nudge;
};

/* Runs the supervisor. All signals are blocked by the caller. */
noreturn void pool__supervisor_main(const struct pool__crossing *crossing);

/* Runs worker number `worker`, the `life`-th of that number, forked by process `supervisor`. */
noreturn void pool__worker_main(const struct pool__crossing *crossing, int worker, uint32_t life,
                                int supervisor);

#endif
