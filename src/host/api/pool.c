/* Runs in the host: makes pools and ends them, changes their size, and tells of their workers. A
 * pool that could not be made leaves no process, descriptor or mapping behind. In a forked copy of
 * the host, pool_free() frees the copy's memory and leaves the processes alone. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/board.h"
#include "common/clock.h"
#include "common/nesting.h"
#include "host/api/loop.h"
#include "host/api/set.h"
#include "host/base/inside.h"
#include "host/base/options.h"
#include "host/engine/bell.h"
#include "host/engine/close.h"
#include "host/engine/drive.h"
#include "host/engine/notify.h"
#include "host/engine/pool.h"
#include "host/engine/step.h"
#include "host/engine/waiter.h"
#include "host/job/queue.h"
#include "host/pool.h"
#include "host/process/end.h"
#include "host/process/link.h"
#include "host/process/members.h"
#include "host/process/spawn.h"
#include "host/transport/inline/inline.h"
#include "host/transport/transport.h"

/* What pool_create_error() gives. It is the thread's own, since the pool that failed is freed. */
static _Thread_local char create_error[sizeof((struct pool *)NULL)->why];

const char *pool_create_error(void)
{
    return create_error;
}

/* ---- Making ---- */

/* Takes the pool's processes from the share that this thread's pools have: see common/nesting.h. A
 * pool that gets no worker becomes serial. */
static int take_share(pool_t *pool)
{
    pool_options_t *options = &pool->launch.options;
    int each = options->maxtasksperchild || options->maxmemoryperchild ? 2 : 1;
    int workers = options->serial ? 0 : options->processes;
    pool->share = pool__share_take(pool__share_here(), each, &workers, &options->nested_processes);
    if (!pool->share)
        return -ENOMEM;
    pool->launch.depth = pool->share->depth;
    options->serial = workers == 0;
    options->processes = options->serial ? 1 : workers;
    pool->launch.share = options->nested_processes / (options->processes * each);
    return 0;
}

/* Waits for the supervisor's hello and, if there is an initializer, for its success in every
 * worker. A start that fails after the deadline counts as a timeout: the supervisor ends workers
 * that take too long. Needs no lock, since no other thread has the pool yet. */
static int wait_for_start(pool_t *pool, uint64_t deadline)
{
    const pool_options_t *options = &pool->launch.options;
    for (;;) {
        pool__hear(pool);
        if (pool->hello && pool->hello_status < 0)
            return pool->hello_status;
        if (options->initializer && pool->why[0])
            return pool__now() < deadline ? POOL_EINIT : -ETIMEDOUT;
        if (pool->phase == POOL__GONE_PHASE)
            return POOL_EBROKEN;
        pool->transport->listen(pool);
        if (pool->hello && (!options->initializer || pool__members_ready(pool)))
            return 0;
        int left = pool__milliseconds(pool__now(), deadline);
        if (left == 0)
            return -ETIMEDOUT;
        pool__block(pool, left);
    }
}

int pool_create(pool_t **pool, const pool_options_t *options)
{
    create_error[0] = '\0';
    if (!pool)
        return POOL_ENOPOOL;
    pool_t *made = pool__new();
    if (!made)
        return -ENOMEM;
    int error = pool__options(&made->launch.options, options);
    uint64_t deadline = pool__now() + (uint64_t)made->launch.options.start_timeout * 1000000u;
    if (!error)
        error = take_share(made);
    if (!error) {
        made->transport =
            made->launch.options.serial ? &pool__inline_transport : &pool__board_transport;
        error = pool__allocate(made);
    }
    if (!error)
        error = made->transport->open(made);
    if (error) {
        pool__deallocate(made);
        return error;
    }
    error = made->transport->start ? made->transport->start(made) : wait_for_start(made, deadline);
    if (!error) {
        *pool = made;
        return 0;
    }
    if (error == POOL_EINIT)
        memcpy(create_error, made->why, sizeof create_error);
    if (pool__enter(made) == 0) {
        pool__shut_down(made, false);
        pool__leave(made);
    }
    pool__close_channels(made);
    pool__deallocate(made);
    return error;
}

/* ---- Ending ---- */

int pool_close(pool_t *pool)
{
    int error = pool__go_inside(pool);
    if (error)
        return error;
    if (pool->phase == POOL__RUNNING_PHASE)
        pool->phase = POOL__CLOSED_PHASE;
    pool__let_leave(pool);
    pool__leave_worker(pool);
    pool__leave(pool);
    return 0;
}

static bool is_quiet(void *pool)
{
    return ((const pool_t *)pool)->queue.unfinished == 0;
}

int pool_join(pool_t *pool)
{
    int error = pool__go_inside(pool);
    if (error)
        return error;
    error = pool->phase == POOL__RUNNING_PHASE ? POOL_EBUSY
                                               : pool__drive(pool, is_quiet, pool, NULL, -1);
    if (!error)
        pool__end_processes(pool, true);
    pool__leave(pool);
    return error;
}

/* Ends the pool, and the calls that have not ended. A pool that is to be freed leaves its loop
 * first, so that all callbacks that are due can be made here. It must be empty of other threads
 * afterwards: -ETIMEDOUT if they do not leave in time, POOL_EBUSY if nothing was done. */
static int finish(pool_t *pool, bool freeing)
{
    int error = freeing ? pool__enter_within(pool, pool__patience(pool)) : pool__enter(pool);
    if (error)
        return error;
    if (pool__in_callback(pool))
        error = POOL_EBUSY;
    else {
        pool->ending |= pool->transport->in_host;
        if (freeing)
            pool__detach(pool);
        pool__drive(pool, pool__at_once, NULL, NULL, 0); /* items that have ended count as ended */
        pool__end_processes(pool, freeing && is_quiet(pool));
        /* Makes the callbacks of calls that were lost. */
        pool__drive(pool, pool__at_once, NULL, NULL, 0);
        if (freeing && !pool__let_out(pool))
            error = -ETIMEDOUT;
    }
    pool__leave(pool);
    return error;
}

int pool_terminate(pool_t *pool)
{
    int error = pool__check(pool);
    return error ? error : finish(pool, false);
}

void pool_free(pool_t *pool)
{
    if (!pool || (pool->owner == getpid() && pool__check(pool) < 0))
        return;
    /* A forked copy leaves the processes alone. */
    if (pool->owner == getpid()) {
        int error = pool__is_inside(pool) ? -ETIMEDOUT : finish(pool, true);
        if (error == -ETIMEDOUT)
            pool__cut(pool); /* a thread may still use the memory and the descriptors */
        if (error)
            return;
        pool__bury_supervisor(pool);
    }
    pool__detach(pool); /* a forked copy, or a pool that a callback has attached again */
    pool__close_channels(pool);
    pool__arrays_free(pool);
    pool__deallocate(pool);
}

/* ---- Growing and shrinking ---- */

int pool_resize(pool_t *pool, int processes)
{
    int error = pool__check(pool);
    if (error)
        return error;
    if (processes < 1 || processes > POOL_PROCESSES_MAX)
        return POOL_EPROCESSES;
    error = pool__enter(pool);
    if (error)
        return error;
    pool__hear(pool);
    error = pool__check_phase(pool);
    if (!error && !pool__members_grow(pool, &processes))
        error = -ENOMEM;
    if (!error) {
        atomic_store(&pool->board->processes, processes);
        pool->transport->resize(pool, processes);
        pool__queue_all_advanced(&pool->queue); /* more workers take more chunks */
        pool__tend(pool);
        /* The worker that was woken for a queued chunk may be leaving. */
        pool->transport->wake(pool);
    }
    pool__wake_driver(pool); /* what was heard here may end what the driving thread waits for */
    pool__leave(pool);
    return error;
}

/* ---- Asking ---- */

int pool_processes(const pool_t *pool)
{
    return pool ? atomic_load(&pool->board->processes) : POOL_ENOPOOL;
}

int pool_pids(pool_t *pool, pid_t *pids, int count)
{
    int error = pool__check(pool);
    if (error)
        return error;
    if (!pids && count > 0)
        return POOL_ENODATA;
    error = pool__enter(pool);
    if (error)
        return error;
    pool__hear(pool);
    pool__wake_driver(pool);
    int processes = atomic_load(&pool->board->processes);
    for (int i = 0; i < count && i < processes; i++)
        pids[i] = pool->members[i].pid;
    pool__leave(pool);
    return processes;
}

size_t pool_replaced(pool_t *pool)
{
    if (pool__go_inside(pool) < 0)
        return 0;
    pool__hear(pool);
    pool__wake_driver(pool);
    size_t replaced = pool->replaced;
    pool__leave(pool);
    return replaced;
}
