/* Runs in the host, with the lock held. Owns the host's end of the control channel. It must call
 * nothing of the engine or of a transport: what they have to act on, it returns as an event. */
#include "host/process/link.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/control.h"
#include "common/descriptor.h"
#include "host/pool.h"
#include "host/process/end.h"
#include "host/process/groups.h"
#include "host/process/members.h"

static struct pool__death death_of(const pool_t *pool, const struct pool__message *message)
{
    return (struct pool__death){.worker = message->worker,
                                .life = message->life,
                                .pid = message->pid,
                                .status = message->status,
                                .ready = message->ready != 0,
                                .by_us = pool->ending,
                                .faulted = message->faulted,
                                .overflow = message->overflow,
                                .address = message->address};
}

/* Writes into pool->why that the system refused to fork workers, and how. */
static void describe_refusal(pool_t *pool, int error)
{
    snprintf(pool->why, sizeof pool->why, "no worker could be forked for %d ms: %s",
             pool->launch.options.start_timeout, pool_strerror(error));
}

/* Takes a message into the account. Returns whether the message is an event; then it is in
 * `*event`. */
static bool understand(pool_t *pool, const struct pool__message *message, struct pool__event *event)
{
    if (message->worker < 0 || message->worker >= pool->numbers_given)
        return false;
    switch (message->type) {
    case POOL__HELLO:
        pool->hello = true;
        pool->hello_status = message->status;
        pool->supervisor = message->pid;
        pool->supervisor_pidfd = pool__pidfd(message->pid);
        break;
    case POOL__BORN:
        pool->members[message->worker].pid = message->pid;
        pool->members[message->worker].life = message->life;
        pool->members[message->worker].held = 0;
        pool->members[message->worker].seen = message->address;
        pool->replaced += message->life > 1;
        break;
    case POOL__DIED:
        *event = (struct pool__event){POOL__DIED_EVENT, death_of(pool, message)};
        return true;
    case POOL__BROKEN:
        if (message->status < 0)
            describe_refusal(pool, message->status);
        pool->broken = pool->ending = true;
        pool__tell_to_end(pool);
        break;
    default:
        break;
    }
    return false;
}

/* The channel is at its end, so the supervisor has ended. A supervisor that was killed has left the
 * children of its workers. If the host had not closed the pool, the pool is broken. */
static void lose(pool_t *pool)
{
    pool__kill_groups(pool);
    if (pool->phase == POOL__RUNNING_PHASE && !pool->broken) {
        pool->broken = true;
        strcpy(pool->why, "the pool's supervisor was killed");
    }
    pool->phase = POOL__GONE_PHASE;
    pool->tell_at = 0;
}

bool pool__link_read(pool_t *pool, struct pool__event *event)
{
    struct pool__message message;
    if (pool->tell_at && pool__now() >= pool->tell_at)
        pool__tell(pool);
    for (;;) {
        int got = pool__control_receive(pool->launch.control_host, &message);
        if (got == -EAGAIN)
            return false;
        pool->unanswered = 0;
        if (got == 1 && understand(pool, &message, event))
            return true;
        if (got == 1)
            continue;
        lose(pool);
        *event = (struct pool__event){.kind = POOL__GONE_EVENT};
        return true;
    }
}

/* Returns as pool__control_send() does. When the channel is full the supervisor has messages to
 * read, and will look; sending again does no harm then. */
static int send_to_supervisor(pool_t *pool, enum pool__message_type type)
{
    struct pool__message message = {.type = (int32_t)type};
    int error = pool__control_send(pool->launch.control_host, &message);
    pool->tell_at = pool__control_again(error) ? pool__now() + POOL__SEND_PAUSE : 0;
    return error;
}

void pool__tell(pool_t *pool)
{
    send_to_supervisor(pool, POOL__LOOK);
}

/* A life that has ended by the account is left out. The order to kill the next life is kept, since
 * the supervisor kills both then. */
void pool__tell_to_kill(pool_t *pool, int worker, uint32_t life)
{
    _Atomic uint32_t *doomed = &pool->board->doomed[worker];
    if ((int32_t)(life - pool->members[worker].life) < 0)
        return;
    if (atomic_load(doomed) != life + 1)
        atomic_store(doomed, life);
    pool__tell(pool);
}

void pool__tell_to_end(pool_t *pool)
{
    atomic_store(&pool->board->terminating, 1);
    pool__tell(pool);
}

/* Breaks the pool, since the supervisor does not answer: it is frozen, or a debugger holds it. It
 * may not die at once, so the channel is cut too: then the pool counts as gone, and a supervisor
 * that goes on later ends all processes. */
static void give_up_supervisor(pool_t *pool)
{
    if (pool->phase == POOL__RUNNING_PHASE && !pool->broken) {
        pool->broken = true;
        strcpy(pool->why, "the pool's supervisor gave no sign of life");
    }
    pool__kill_supervisor(pool);
    pool__cut(pool);
}

void pool__ask(pool_t *pool)
{
    int patience = pool->launch.options.start_timeout / 1000;
    if (pool->phase == POOL__GONE_PHASE || pool->launch.control_host < 0)
        return;
    if (pool->unanswered >= (patience > POOL__SIGNS ? patience : POOL__SIGNS))
        give_up_supervisor(pool);
    /* What the system has no memory for was not asked. */
    else if (send_to_supervisor(pool, POOL__ASK) != -ENOBUFS)
        pool->unanswered++;
}
