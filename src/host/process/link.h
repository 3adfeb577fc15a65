/* The link: the host's end of the control channel to the supervisor. Orders go out, events come in.
 * With the lock held. Nothing here waits. */
#ifndef POOL_HOST_PROCESS_LINK_H
#define POOL_HOST_PROCESS_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "host/pool.h"
#include "host/process/members.h"

/* What happens to processes and concerns the rest of the host. */
enum pool__event_kind {
    POOL__DIED_EVENT, /* a worker has died */
    POOL__GONE_EVENT  /* the supervisor is gone, and all workers with it */
};

struct pool__event {
    enum pool__event_kind kind;
    struct pool__death death; /* of POOL__DIED_EVENT */
};

/* Reads the supervisor's messages up to the next event, and stores the event. False when there is
 * no event for now. The other messages go into the account: of the supervisor, of the members, and
 * of the phase of the pool. The channel must not be at its end. */
bool pool__link_read(pool_t *pool, struct pool__event *event);

/* The same for any pool: a pool that has no supervisor, or none any more, has no events. */
static inline bool pool__link_next(pool_t *pool, struct pool__event *event)
{
    return pool->phase != POOL__GONE_PHASE && !pool__is_serial(pool) &&
           pool__link_read(pool, event);
}

/* Sends the supervisor a message of enum pool__message_type. False when the channel has no room, or
 * the supervisor has ended. */
bool pool__tell(pool_t *pool, int type, int worker, uint32_t life);

#endif
