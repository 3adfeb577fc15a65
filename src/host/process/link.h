/* The control channel to the supervisor: orders out, events in. With the lock held. Nothing here waits. */
#ifndef POOL_HOST_PROCESS_LINK_H
#define POOL_HOST_PROCESS_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "host/process/members.h"
#include "procpool.h"

/* What the rest of the host must hear of. */
enum pool__event_kind {
    POOL__DIED_EVENT, /* a worker has died */
    POOL__GONE_EVENT  /* the supervisor is gone, and all workers with it */
};

struct pool__event {
    enum pool__event_kind kind;
    struct pool__death death; /* of POOL__DIED_EVENT */
};

/* Reads the supervisor's messages up to the next event, and keeps the account of births and of the pool's
 * phase. False when there is none for now. */
bool pool__link_next(pool_t *pool, struct pool__event *event);

/* Sends the supervisor a message. False when the channel has no room for it. */
bool pool__tell(pool_t *pool, int type, int worker, uint32_t life);

#endif
