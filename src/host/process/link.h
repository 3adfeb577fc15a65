/* The link: the host's end of the control channel to the supervisor. Orders go out, events come in.
 * With the lock held. Nothing here waits. */
#ifndef POOL_HOST_PROCESS_LINK_H
#define POOL_HOST_PROCESS_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "host/pool.h"
#include "host/process/members.h"

enum { POOL__SIGNS = 10 }; /* questions that a supervisor may leave without an answer, at least */

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
    return pool->phase != POOL__GONE_PHASE && pool->launch.control_host >= 0 &&
           pool__link_read(pool, event);
}

/* Has the supervisor look at the board, where the host has written what is to be done. A message
 * that cannot be sent now is sent later, by pool__link_next(), at pool->tell_at. */
void pool__tell(pool_t *pool);

/* Has the supervisor kill this life of the worker, unless its number has another life by now. Of
 * two lives of a number that are told at the same time, one may be left out: the audit tells it
 * again. */
void pool__tell_to_kill(pool_t *pool, int worker, uint32_t life);

/* Has the supervisor kill all workers, with SIGTERM first, and end. */
void pool__tell_to_end(pool_t *pool);

/* Asks the supervisor for a sign of life, for which any message counts. Call it once at each tick.
 * A supervisor that was stopped goes on when it is asked. One that answers neither POOL__SIGNS
 * questions nor as many as `start_timeout` has seconds is killed, and then the pool is broken. */
void pool__ask(pool_t *pool);

#endif
