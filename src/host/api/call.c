/* Runs in the host: the calls that run items over an array. Each call is checked, made a job and
 * submitted. A blocking call drives the pool until the job's last callback has been made; its job
 * lies on its stack. An asynchronous call returns at once; its job is a future. */
#include "host/api/call.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/flat.h"
#include "host/api/check.h"
#include "host/api/shared.h"
#include "host/base/inside.h"
#include "host/base/types.h"
#include "host/engine/drive.h"
#include "host/engine/notify.h"
#include "host/engine/pool.h"
#include "host/engine/step.h"
#include "host/engine/stop.h"
#include "host/job/fold.h"
#include "host/job/job.h"
#include "host/job/queue.h"
#include "host/job/report.h"
#include "host/job/source.h"
#include "host/pool.h"
#include "host/transport/transport.h"

/* The type of a stream of such values; NULL: the values are plain data and are copied as they
 * are. */
static const pool_type_t *stream_type(const pool_type_t *type)
{
    return !type || type->kind == POOL_KIND_PLAIN ? NULL : type;
}

int pool__prepare(pool_t *pool, struct pool_future *job, const struct pool__call *call)
{
    const pool_in_t *in = &call->in;
    const pool_out_t *out = &call->out;
    size_t count = call->broadcast ? (size_t)pool_processes(pool) : in->count;
    *job = (struct pool_future){
        .pool = pool,
        .function = call->function,
        .in = *in,
        .out = *out,
        .broadcast = call->broadcast,
        .custom_items = pool__type_custom(&pool->launch.image, in->type, in->size),
        .custom_results = pool__type_custom(&pool->launch.image, out->type, out->size)};
    /* No dry runs in a serial pool: its functions may crash the host in any case. */
    if (pool->transport->in_host)
        job->custom_items = job->custom_results = false;
    job->in.type = stream_type(in->type);
    job->out.type = stream_type(out->type);
    if (call->options)
        job->options = *call->options;
    job->began = pool__now();
    if (job->options.timeout > 0)
        job->deadline = job->began + (uint64_t)job->options.timeout * 1000000u;
    if (!job->in.type && pool__source_contiguous(job))
        job->in_shared = pool__in_shared_array(pool, in->data, in->count * in->size);
    if (!job->out.type)
        job->out_shared = pool__in_shared_array(pool, out->data, count * out->size);
    else if (count)
        memset(out->data, 0, count * out->size);
    job->in.count = count;
    return call->merge ? pool__fold_start(job, call->merge) : 0;
}

/* Makes this the last blocking call: pool_errors() gives the errors of its items. `code` is what the
 * call returns. With the lock held. */
static int conclude(pool_t *pool, struct pool__report report, size_t items, int code)
{
    pool__report_clear(&pool->report);
    pool->report = report;
    pool->items = items;
    pool->code = code < 0 ? code : 0;
    return code;
}

/* Ends a blocking call that makes no sense: it has no items. Returns `error`. */
static int refuse(pool_t *pool, int error)
{
    if (pool__check(pool) == 0) {
        if (pool__enter(pool) < 0)
            return error;
        conclude(pool, (struct pool__report){0}, 0, error);
        pool__leave(pool);
    } else if (pool && pool->owner != getpid()) {
        /* A thread that this copy of the host does not have may hold the lock. The code alone tells
         * pool_errors() that the report is not this call's. */
        pool->code = POOL_EFORKED;
    }
    return error;
}

/* Cancels the items of a call that have not started; `kill`: also those that run. */
static void interrupt(pool_t *pool, struct pool_future *job, bool kill)
{
    pool__hear(pool); /* an owner that has died is not to be killed */
    if (!job->done)
        pool__stop(pool, job, POOL_CANCELLED, kill);
    if (job->status == 0)
        job->status = -EINTR;
}

/* Waits until the job's last callback has been made. */
static void wait_for_end(pool_t *pool, struct pool_future *job)
{
    bool again = false; /* it was interrupted before */
    while (pool__drive_job(job, -1) == -EINTR) {
        interrupt(pool, job, again);
        again = true;
    }
}

/* Submits a job and waits for its end. Returns what its call returns. With the lock held. */
static int complete(pool_t *pool, struct pool_future *job)
{
    if (pool__is_interrupted(pool, pool->answered))
        interrupt(pool, job, false);
    pool__submit(pool, job);
    wait_for_end(pool, job);
    int failed = job->failed > INT_MAX ? INT_MAX : (int)job->failed;
    return conclude(pool, job->report, job->in.count, job->status < 0 ? job->status : failed);
}

/* Runs a call, and waits for its end. `error` is what its check found; then it is not run. */
static int run(pool_t *pool, const struct pool__call *call, int error)
{
    struct pool_future job;
    if (error)
        return refuse(pool, error);
    error = pool__enter(pool);
    if (error)
        return error;
    int code = pool__in_callback(pool) ? POOL_EBUSY : pool__admit(pool, call->options);
    if (!code)
        code = pool__prepare(pool, &job, call);
    code = code ? conclude(pool, (struct pool__report){0}, 0, code) : complete(pool, &job);
    pool__leave(pool);
    return code;
}

/* Starts a call that was checked. `future` is NULL if the caller wants no future: then the job
 * counts as given back. */
static int start(pool_t *pool, const struct pool__call *call, pool_future_t **future)
{
    int error = pool__enter(pool);
    if (error)
        return error;
    error = pool__admit(pool, call->options);
    struct pool_future *job = error ? NULL : pool__job_new(&pool->queue);
    if (!error)
        error = job ? pool__prepare(pool, job, call) : -ENOMEM;
    if (error && job)
        pool__job_free(&pool->queue, job);
    if (!error) {
        job->async = job->owned = true;
        job->freed = future == NULL;
        if (future)
            *future = job; /* before another thread can make a callback of the job */
        pool__submit(pool, job);
    }
    pool__leave(pool);
    return error;
}

/* ---- Functions ---- */

/* Checks a call that is no fold. */
static int check(const pool_t *pool, const struct pool__call *call)
{
    pool_in_t in = call->in;
    int error = POOL_ENOPOOL;
    if (pool)
        error = pool__check_options(call->options, in.count, !call->broadcast);
    if (!error && call->broadcast && call->options && call->options->first)
        error = POOL_EOPTION; /* an index is the number of a worker */
    if (error)
        return error;
    if (call->broadcast) /* each worker has a result in the array */
        in.count = (size_t)pool_processes(pool);
    return pool__check_call(pool, call->function, &in, &call->out);
}

int(pool_map_with)(pool_t *pool, pool_function_t function, pool_in_t in, pool_out_t out,
                   const pool_map_options_t *options)
{
    struct pool__call call = {function, in, out, options, .merge = NULL};
    return run(pool, &call, check(pool, &call));
}

int(pool_map)(pool_t *pool, pool_function_t function, pool_in_t in, pool_out_t out)
{
    return (pool_map_with)(pool, function, in, out, NULL);
}

int pool_map_async(pool_t *pool, pool_function_t function, pool_in_t in, pool_out_t out,
                   const pool_map_options_t *options, pool_future_t **future)
{
    struct pool__call call = {function, in, out, options, .merge = NULL};
    int error = check(pool, &call);
    return error ? error : start(pool, &call, future);
}

/* ---- Folds ---- */

static int check_fold(const pool_t *pool, const struct pool__call *call)
{
    const pool_out_t none = POOL_NONE;
    int error = POOL_ENOPOOL;
    if (pool)
        error = pool__check_options(call->options, call->in.count, true);
    if (!error)
        error = pool__check_call(pool, call->function, &call->in, &none);
    if (!error && !call->merge)
        error = POOL_ENOFUNCTION;
    return error ? error : pool__check_accumulator(pool, &call->out);
}

int pool_fold(pool_t *pool, pool_function_t function, pool_merge_t merge, pool_in_t in,
              pool_out_t accumulator, const pool_map_options_t *options)
{
    struct pool__call call = {function, in, accumulator, options, .merge = merge};
    return run(pool, &call, check_fold(pool, &call));
}

int pool_fold_async(pool_t *pool, pool_function_t function, pool_merge_t merge, pool_in_t in,
                    pool_out_t accumulator, const pool_map_options_t *options,
                    pool_future_t **future)
{
    struct pool__call call = {function, in, accumulator, options, .merge = merge};
    int error = check_fold(pool, &call);
    return error ? error : start(pool, &call, future);
}

int pool_apply(pool_t *pool, pool_function_t function, pool_in_t in, pool_out_t out)
{
    return in.count == 1 ? (pool_map)(pool, function, in, out) : refuse(pool, POOL_EOPTION);
}

int pool_apply_async(pool_t *pool, pool_function_t function, pool_in_t in, pool_out_t out,
                     const pool_map_options_t *options, pool_future_t **future)
{
    if (in.count != 1)
        return POOL_EOPTION;
    return pool_map_async(pool, function, in, out, options, future);
}

int pool_broadcast_async(pool_t *pool, pool_function_t function, pool_in_t in, pool_out_t out,
                         const pool_map_options_t *options, pool_future_t **future)
{
    struct pool__call call = {function, in, out, options, .broadcast = true};
    int error = in.count == 1 ? check(pool, &call) : POOL_EOPTION;
    return error ? error : start(pool, &call, future);
}

int pool_broadcast(pool_t *pool, pool_function_t function, pool_in_t in, pool_out_t out)
{
    struct pool__call call = {function, in, out, NULL, .broadcast = true};
    return run(pool, &call, in.count == 1 ? check(pool, &call) : POOL_EOPTION);
}

/* ---- Functions of several arguments ---- */

/* Fills and checks the call of a callable. The caller has set the arrays, with their sizes. */
static int make_call(const pool_t *pool, const void *function, struct pool__call *call)
{
    const pool_callable_t *callable = function;
    int error = pool__check_callable(pool, callable);
    if (error)
        return error;
    if (call->out.size != callable->result_size)
        return POOL_ETYPE;
    call->function = callable->call;
    call->in.type = callable->args;
    call->out.type = callable->result;
    error = check(pool, call);
    if (!error && pool__type_plain(call->in.type))
        call->in.type = &pool_type_plain;
    return error;
}

int pool_map_callable_with(pool_t *pool, const void *function, pool_in_t in, pool_out_t out,
                           const pool_map_options_t *options)
{
    struct pool__call call = {NULL, in, out, options, .merge = NULL};
    return run(pool, &call, make_call(pool, function, &call));
}

int pool_map_callable(pool_t *pool, const void *function, pool_in_t in, pool_out_t out)
{
    return pool_map_callable_with(pool, function, in, out, NULL);
}

/* The same for rows and results of which only the addresses and their number are known. */
static int make_star_call(const pool_t *pool, const pool_callable_t *function, const void *rows,
                          size_t count, void *results, struct pool__call *call)
{
    int error = pool__check_callable(pool, function);
    if (error)
        return error;
    call->in = pool_in(rows, count, function->args->size, function->args);
    call->out = pool_out(results, function->result_size, function->result);
    return make_call(pool, function, call);
}

int(pool_starmap_with)(pool_t *pool, const pool_callable_t *function, const void *rows,
                       size_t count, void *results, const pool_map_options_t *options)
{
    struct pool__call call = {.options = options};
    return run(pool, &call, make_star_call(pool, function, rows, count, results, &call));
}

int(pool_starmap)(pool_t *pool, const pool_callable_t *function, const void *rows, size_t count,
                  void *results)
{
    return (pool_starmap_with)(pool, function, rows, count, results, NULL);
}

int(pool_starmap_async)(pool_t *pool, const pool_callable_t *function, const void *rows,
                        size_t count, void *results, const pool_map_options_t *options,
                        pool_future_t **future)
{
    struct pool__call call = {.options = options};
    int error = make_star_call(pool, function, rows, count, results, &call);
    return error ? error : start(pool, &call, future);
}
