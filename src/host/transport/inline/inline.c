/* Runs in the host: serial pools. An inline worker (worker/port/inline.c) runs their chunks in the
 * host's own process, in the threads that wait in the library or step the pool, in one thread at a
 * time. The lock must not be held while a function of the user's runs. */
#include "host/transport/inline/inline.h"

#include <errno.h>
#include <pthread.h>
#include <unistd.h>

#include "common/board.h"
#include "common/descriptor.h"
#include "common/nesting.h"
#include "common/roles.h"
#include "host/base/inside.h"
#include "host/job/queue.h"
#include "host/pool.h"
#include "host/process/members.h"
#include "host/transport/board/account.h"
#include "host/transport/board/audit.h"
#include "host/transport/board/memory.h"
#include "host/transport/board/put.h"
#include "host/transport/board/recall.h"
#include "host/transport/board/settle.h"
#include "host/transport/transport.h"

/* The serial pool whose function this thread runs. Such a function may make and use another serial
 * pool, so they nest. */
static _Thread_local struct pool *innermost;

struct pool *pool__home(void)
{
    return innermost;
}

struct pool__share *pool__share_here(void)
{
    /* A process that was forked while such a function ran has a copy of `innermost`, but the pool
     * belongs to the process that made it. */
    if (innermost && innermost->owner == getpid())
        return innermost->share;
    return pool__share_of_process();
}

/* ---- Functions of the user's ---- */

/* Releases the lock, so that this thread can run a function of the user's. Returns the pool whose
 * function it was running before: leave() takes that. */
static struct pool *enter(pool_t *pool)
{
    struct pool *outer = innermost;
    pool->running = true;
    pool__step_out(pool);
    innermost = pool;
    return outer;
}

/* Takes the lock again after that. */
static void leave(pool_t *pool, struct pool *outer)
{
    innermost = outer;
    pool__step_in(pool);
    pool->running = false;
    pthread_cond_broadcast(&pool->changed);
}

/* Called by the inline worker, without the lock, when a chunk's results want more room. Collecting
 * serves that chunk. */
static void serve(void *context)
{
    pool_t *pool = context;
    if (pool__enter(pool) < 0)
        return;
    pool__collect(pool);
    pool__leave(pool);
}

/* ---- The inline worker ---- */

static int inline_open(pool_t *pool)
{
    struct pool__launch *launch = &pool->launch;
    launch->result_read = launch->result_write = -1;
    launch->control = launch->control_host = launch->host_pidfd = -1;
    int error = pool__eventfd(&launch->driver_bell);
    if (error)
        return error;
    pool->inline_worker = pool__inline_open(launch, serve, pool);
    if (!pool->inline_worker) {
        pool__close(&launch->driver_bell);
        return -ENOMEM;
    }
    pool->members[0] = (struct pool__member){.pid = pool->owner, .life = 1};
    return 0;
}

static int inline_start(pool_t *pool)
{
    const struct pool__death failure = {.worker = 0, .life = 1};
    if (pool__enter(pool) < 0)
        return POOL_EBUSY;
    struct pool *outer = enter(pool);
    bool started = pool__inline_start(pool->inline_worker);
    leave(pool, outer);
    if (!started)
        pool__describe_start_failure(pool, &failure);
    pool__leave(pool);
    return started ? 0 : POOL_EINIT;
}

static bool can_run(const pool_t *pool)
{
    return pool->inline_worker && !pool->running && !pool->ending &&
           (pool__queued(pool->board) > 0 || pool__mailbox_full(pool->board, 0));
}

static bool run_here(pool_t *pool)
{
    if (!can_run(pool))
        return false;
    struct pool *outer = enter(pool);
    pool__inline_run(pool->inline_worker);
    leave(pool, outer);
    return true;
}

/* Frees the inline worker. Then the pool is gone, as any other pool is when its supervisor has
 * ended. */
static void lose_worker(pool_t *pool)
{
    pool__inline_close(pool->inline_worker);
    pool->inline_worker = NULL;
    pool->phase = POOL__GONE_PHASE;
    pool__give_up(pool);
    pool__queue_all_advanced(&pool->queue);
    pool->members[0].pid = 0;
}

static void end_with_finalizer(pool_t *pool)
{
    struct pool *outer = enter(pool);
    pool__inline_leave(pool->inline_worker);
    leave(pool, outer);
    lose_worker(pool);
}

static bool inline_leave(pool_t *pool)
{
    if (!pool->inline_worker || pool->running || !atomic_load(&pool->board->closing))
        return false;
    end_with_finalizer(pool);
    return true;
}

static void inline_end(pool_t *pool)
{
    pool->ending = true;
    for (uint32_t number = 0; number < pool->numbers; number++)
        atomic_store(&pool->board->orders[number].cancelled, POOL__STOPPED);
    while (pool->running)
        pthread_cond_wait(&pool->changed, &pool->lock);
    if (pool->inline_worker)
        lose_worker(pool);
}

/* There is one worker, whatever the pool's size: broadcasts have an item for each number. */
static void inline_resize(pool_t *pool, int processes)
{
    (void)processes;
    pool__clear_mailboxes(pool);
}

static void inline_close(pool_t *pool)
{
    (void)pool; /* see inline_leave() */
}

static void inline_audit(pool_t *pool)
{
    pool__reconcile(pool, NULL);
}

static bool inline_wake(pool_t *pool)
{
    (void)pool;
    return true;
}

static bool inline_listen(pool_t *pool)
{
    return !can_run(pool);
}

const struct pool__transport_ops pool__inline_transport = {.in_host = true,
                                                           .open = inline_open,
                                                           .start = inline_start,
                                                           .close = inline_close,
                                                           .leave = inline_leave,
                                                           .end = inline_end,
                                                           .resize = inline_resize,
                                                           .put = pool__put,
                                                           .room = pool__has_room,
                                                           .outstanding = pool__outstanding,
                                                           .collect = pool__collect,
                                                           .recall = pool__recall,
                                                           .abandon = pool__give_up,
                                                           .audit = inline_audit,
                                                           .trim = pool__trim,
                                                           .wake = inline_wake,
                                                           .listen = inline_listen,
                                                           .run_here = run_here,
                                                           .can_run = can_run};
