/* Runs in the host: the calls on futures. A future is the job of an asynchronous call, as its
 * caller sees it. These calls wait for a future or look at it, cancel its items, and give it back;
 * they make no job. A future that was given back is refused as long as its memory is not used
 * again. */
#include <errno.h>
#include <limits.h>

#include "common/clock.h"
#include "host/api/future.h"
#include "host/base/inside.h"
#include "host/engine/drive.h"
#include "host/engine/notify.h"
#include "host/engine/pool.h"
#include "host/engine/step.h"
#include "host/engine/stop.h"
#include "host/engine/waiter.h"
#include "host/job/job.h"
#include "host/job/queue.h"
#include "host/pool.h"
#include "host/transport/transport.h"

bool pool__is_held(const pool_future_t *future)
{
    return !future->freed || pool__in_callback(future->pool);
}

int pool__result_of(const pool_future_t *future)
{
    if (future->status < 0)
        return future->status;
    return future->failed > INT_MAX ? INT_MAX : (int)future->failed;
}

/* Locks the future's pool if the future may be used. Returns 0; or -EINVAL or an error of
 * pool__check(), then with nothing locked. */
static int enter(const pool_future_t *future)
{
    int error = future ? pool__go_inside(future->pool) : -EINVAL;
    if (error || pool__is_held(future))
        return error;
    pool__leave(future->pool);
    return -EINVAL;
}

static void leave(const pool_future_t *future)
{
    pool__leave(future->pool);
}

int pool_future_wait(pool_future_t *future, int milliseconds)
{
    int error = enter(future);
    if (error)
        return error;
    if (!future->callback_done)
        error = pool__drive_job(future, milliseconds);
    leave(future);
    return error;
}

int pool_future_get(pool_future_t *future, int milliseconds)
{
    int error = pool_future_wait(future, milliseconds);
    return error ? error : pool__result_of(future);
}

/* Steps once if the future's items have not all ended, then asks the question. Returns false for a
 * future that may not be used. */
static bool ask(pool_future_t *future, bool (*question)(const pool_future_t *))
{
    if (enter(future) < 0)
        return false;
    if (!future->done)
        pool__drive(future->pool, pool__at_once, NULL, NULL, 0);
    bool answer = question(future);
    leave(future);
    return answer;
}

static bool done(const pool_future_t *future)
{
    return future->done;
}

static bool good(const pool_future_t *future)
{
    return future->done && pool__result_of(future) == 0;
}

bool pool_future_ready(pool_future_t *future)
{
    return ask(future, done);
}

bool pool_future_successful(pool_future_t *future)
{
    return ask(future, good);
}

size_t pool_future_errors(pool_future_t *future, const pool_error_t **errors)
{
    if (!pool_future_ready(future))
        return 0;
    if (errors)
        *errors = future->report.errors;
    return future->report.count;
}

/* With the lock held, for a call that has not ended. */
static void cancel(pool_t *pool, pool_future_t *future, int grace)
{
    pool__hear(pool);               /* an owner that has died is not to be killed */
    pool->transport->collect(pool); /* items that workers have committed are not cancelled */
    pool__stop(pool, future, POOL_CANCELLED, grace == 0);
    if (grace > 0)
        pool__queue_time(&pool->queue, future, future->deadline,
                         pool__now() + (uint64_t)grace * 1000000u);
    pool__wake_driver(pool);
}

int pool_future_cancel(pool_future_t *future, int grace)
{
    int error = enter(future);
    if (error)
        return error;
    error = future->done ? -EALREADY : pool__queue_reserve(&future->pool->queue, grace > 0);
    if (!error)
        cancel(future->pool, future, grace);
    leave(future);
    return error;
}

void pool_future_free(pool_future_t *future)
{
    if (enter(future) < 0)
        return;
    pool_t *pool = future->pool;
    /* A job that is not owned belongs to a blocking call or an iterator; a callback was given
     * it. */
    if (future->owned && !future->freed) {
        future->freed = true;
        if (future->callback_done)
            pool__job_free(&pool->queue, future);
    }
    pool__leave(pool);
}
