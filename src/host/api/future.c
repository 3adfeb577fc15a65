/* Runs in the host: the calls on futures. A future is the job of an asynchronous call, as its
 * caller sees it. These calls wait for a future or look at it, cancel its items, and give it back;
 * they make no job. A future that was given back is refused as long as its memory is not used
 * again. */
#include <errno.h>
#include <limits.h>

#include "common/clock.h"
#include "host/base/inside.h"
#include "host/engine/bell.h"
#include "host/engine/drive.h"
#include "host/engine/notify.h"
#include "host/engine/pool.h"
#include "host/engine/step.h"
#include "host/job/job.h"
#include "host/job/queue.h"
#include "host/transport/board/recall.h"
#include "host/transport/board/settle.h"

/* For pool__drive(): the call has ended, its callback included. */
static bool is_over(const void *future)
{
    return ((const pool_future_t *)future)->callback_done;
}

/* What pool_map() would have returned for this call, which has ended. */
static int result_of(const pool_future_t *future)
{
    if (future->status < 0)
        return future->status;
    return future->failed > INT_MAX ? INT_MAX : (int)future->failed;
}

/* Whether the calling thread may use the future. It may until the future is given back. The
 * callbacks of the pool may use it even then. */
static bool is_held(const pool_future_t *future)
{
    return !future->freed || pool__in_callback(future->pool);
}

/* Locks the future's pool if the future may be used. Returns 0; or -EINVAL or an error of
 * pool__check(), then with nothing locked. */
static int enter(const pool_future_t *future)
{
    int error = future ? pool__check(future->pool) : -EINVAL;
    if (!error)
        error = pool__enter(future->pool);
    if (error || is_held(future))
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
        error = pool__drive(future->pool, is_over, future, milliseconds);
    leave(future);
    return error;
}

int pool_future_get(pool_future_t *future, int milliseconds)
{
    int error = pool_future_wait(future, milliseconds);
    return error ? error : result_of(future);
}

/* Steps once if the future's items have not all ended, then asks the question. Returns false for a
 * future that may not be used. */
static bool ask(pool_future_t *future, bool (*question)(const pool_future_t *))
{
    if (enter(future) < 0)
        return false;
    if (!future->done)
        pool__drive(future->pool, pool__at_once, NULL, 0);
    bool answer = question(future);
    leave(future);
    return answer;
}

static bool done(const pool_future_t *future)
{
    return future->done;
}

static bool is_callback_done(const pool_future_t *future)
{
    return future->callback_done;
}

static bool good(const pool_future_t *future)
{
    return future->done && result_of(future) == 0;
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

int pool_future_cancel(pool_future_t *future, int grace)
{
    int error = enter(future);
    if (error)
        return error;
    pool_t *pool = future->pool;
    if (future->done)
        error = -EALREADY;
    else {
        pool__hear(pool);    /* an owner that has died is not to be killed */
        pool__collect(pool); /* items that workers have committed are not cancelled */
        pool__stop(pool, future, POOL_CANCELLED, grace == 0);
        if (grace > 0)
            pool__queue_time(&pool->queue, future, future->deadline,
                             pool__now() + (uint64_t)grace * 1000000u);
        pool__wake_driver(pool);
    }
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

/* ---- Sets ---- */

struct set {
    pool_future_t *const *futures;
    size_t count;
    pool_wait_mode_t mode;
};

/* Returns how many calls of the set have ended, their callbacks included. `*enough`: the set's mode
 * asks for no more. */
static size_t count_ready(const struct set *set, bool *enough)
{
    size_t all = 0, ready = 0, bad = 0;
    for (size_t i = 0; i < set->count; i++) {
        const pool_future_t *future = set->futures[i];
        if (!future)
            continue;
        all++;
        ready += future->callback_done;
        bad += future->callback_done && result_of(future) != 0;
    }
    *enough = ready == all || (set->mode == POOL_WAIT_ANY && ready > 0) ||
              (set->mode == POOL_WAIT_FIRST_ERROR && bad > 0);
    return ready;
}

static bool set_over(const void *argument)
{
    bool enough;
    count_ready(argument, &enough);
    return enough;
}

/* The pool of the futures; NULL: all entries are NULL, or the futures are of several pools. */
static pool_t *pool_of(pool_future_t *const *futures, size_t count)
{
    pool_t *pool = NULL;
    for (size_t i = 0; i < count; i++) {
        if (!futures[i])
            continue;
        if (pool && futures[i]->pool != pool)
            return NULL;
        pool = futures[i]->pool;
    }
    return pool;
}

static bool all_held(const struct set *set)
{
    for (size_t i = 0; i < set->count; i++)
        if (set->futures[i] && !is_held(set->futures[i]))
            return false;
    return true;
}

static int wait_for_set(pool_t *pool, const struct set *set, int milliseconds)
{
    bool enough;
    int error = pool__check(pool);
    if (!error)
        error = pool__enter(pool);
    if (error)
        return error;
    if (!all_held(set))
        error = -EINVAL;
    else if (!set_over(set))
        error = pool__drive(pool, set_over, set, milliseconds);
    size_t ready = error ? 0 : count_ready(set, &enough);
    pool__leave(pool);
    return error ? error : ready > INT_MAX ? INT_MAX : (int)ready;
}

int pool_wait(pool_future_t *const *futures, size_t count, pool_wait_mode_t mode, int milliseconds)
{
    if ((!futures && count) || mode < POOL_WAIT_ALL || mode > POOL_WAIT_FIRST_ERROR)
        return -EINVAL;
    struct set set = {futures, count, mode};
    bool none = true;
    for (size_t i = 0; i < count && none; i++)
        none = !futures[i];
    pool_t *pool = pool_of(futures, count);
    if (!pool)
        return none ? 0 : -EINVAL;
    return wait_for_set(pool, &set, milliseconds);
}

int pool_as_completed(pool_future_t **futures, size_t count, int milliseconds,
                      pool_future_t **ready)
{
    if ((!futures && count) || !ready)
        return -EINVAL;
    int any = pool_wait(futures, count, POOL_WAIT_ANY, milliseconds);
    if (any < 0)
        return any;
    for (size_t i = 0; i < count; i++) {
        if (!futures[i] || !ask(futures[i], is_callback_done))
            continue;
        *ready = futures[i];
        for (size_t j = i; j < count; j++) /* the array may hold the future more than once */
            if (futures[j] == *ready)
                futures[j] = NULL;
        return (int)i;
    }
    return -ENOENT;
}
