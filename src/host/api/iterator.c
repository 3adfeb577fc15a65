/* Runs in the host: iterators, which give results in sequence for items that come in sequence. An
 * iterator is a job whose sink is a window of results, and not the caller's array. Taking a result
 * makes room in the window, and so lets the job give out more items. */
#include <errno.h>
#include <stdlib.h>

#include "host/api/call.h"
#include "host/api/check.h"
#include "host/base/inside.h"
#include "host/base/types.h"
#include "host/engine/alarm.h"
#include "host/engine/drive.h"
#include "host/engine/notify.h"
#include "host/engine/pool.h"
#include "host/engine/step.h"
#include "host/engine/stop.h"
#include "host/engine/waiter.h"
#include "host/job/job.h"
#include "host/job/queue.h"
#include "host/job/report.h"
#include "host/job/window.h"
#include "host/pool.h"
#include "host/transport/transport.h"

struct pool_iterator {
    struct pool_future *job;
    size_t index;        /* of the item whose end pool_next() gave last */
    pool_error_t *error; /* of that item; NULL: it did not fail, or there was no memory */
};

/* ---- Making an iterator ---- */

/* Starts the call of an iterator that was checked. */
static int start(pool_t *pool, const struct pool__call *call, const pool_source_t *source,
                 bool unordered, pool_iterator_t **iterator)
{
    pool_iterator_t *made = calloc(1, sizeof *made);
    if (!made)
        return -ENOMEM;
    int error = pool__enter(pool);
    if (error) {
        free(made);
        return error;
    }
    error = pool__admit(pool, call->options);
    struct pool_future *job = error ? NULL : pool__job_new(&pool->queue);
    if (job) {
        error = pool__prepare(pool, job, call);
        job->async = true;
        error = error ? error : pool__window_add(job, source, unordered);
    }
    if (job && !error) {
        job->in.count = source->next ? SIZE_MAX : source->in.count;
        pool__submit(pool, job);
    } else {
        error = error ? error : -ENOMEM;
        if (job)
            pool__job_free(&pool->queue, job);
    }
    pool__leave(pool);
    made->job = job;
    if (error)
        free(made);
    else
        *iterator = made;
    return error;
}

static int check_and_start(pool_t *pool, pool_function_t function, const pool_source_t *source,
                           pool_out_t result, const pool_map_options_t *options, bool unordered,
                           pool_iterator_t **iterator)
{
    int error = pool__check(pool);
    if (error)
        return error;
    if (!source || !iterator || result.data)
        return POOL_EOPTION;
    if (!source->next && source->in.count && !source->in.data && !pool__is_range(&source->in))
        return POOL_ENODATA;
    if (!source->next && !pool__items_fit(&source->in))
        return POOL_EOVERFLOW;
    struct pool__call call = {function, source->in, result, options, .merge = NULL};
    if (source->next)
        call.in.data = NULL;
    /* An iterator has no array of results, and may have none of items: for 0 items the check asks
     * for no array. */
    call.in.count = 0;
    error = pool__check_options(options, source->next ? 0 : source->in.count, !source->next);
    if (!error)
        error = pool__check_call(pool, function, &call.in, &call.out);
    if (!error && source->next && call.in.size == 0)
        error = POOL_EITEMSIZE;
    return error ? error : start(pool, &call, source, unordered, iterator);
}

int pool_imap(pool_t *pool, pool_function_t function, const pool_source_t *source,
              pool_out_t result, const pool_map_options_t *options, pool_iterator_t **iterator)
{
    return check_and_start(pool, function, source, result, options, false, iterator);
}

int pool_imap_unordered(pool_t *pool, pool_function_t function, const pool_source_t *source,
                        pool_out_t result, const pool_map_options_t *options,
                        pool_iterator_t **iterator)
{
    return check_and_start(pool, function, source, result, options, true, iterator);
}

/* ---- Taking results ---- */

/* Whether pool_next() need not wait: there is an item to give, or the iteration is over. */
static bool has_next(void *argument)
{
    const pool_iterator_t *iterator = argument;
    size_t index;
    return pool__window_next(iterator->job->window, &index) || iterator->job->callback_done;
}

/* Gives the next item that has ended: its result, or its error in `iterator->error`. Returns as
 * pool_next() does. */
static int give(pool_iterator_t *iterator, void *result)
{
    struct pool_future *job = iterator->job;
    size_t index;
    pool__error_free(iterator->error);
    iterator->error = NULL;
    if (!pool__window_next(job->window, &index))
        return job->status < 0 ? job->status : job->window->end;
    iterator->index = index + job->options.first;
    if (pool__window_take(job, index, result, &iterator->error))
        return 1;
    if (iterator->error)
        iterator->error->index = iterator->index;
    return POOL_EITEM;
}

int pool_next(pool_iterator_t *iterator, void *result, int milliseconds)
{
    int error = iterator ? pool__check(iterator->job->pool) : -EINVAL;
    if (error)
        return error;
    struct pool_future *job = iterator->job;
    if (!result && job->out.size)
        return POOL_ENODATA;
    error = pool__enter(job->pool);
    if (error)
        return error;
    if (!has_next(iterator))
        error = pool__drive_for(job, has_next, iterator, milliseconds);
    if (!error) {
        error = give(iterator, result);
        pool__queue_advanced(job); /* there is room for one item more */
        pool__tend(job->pool);
        pool__finish_silent(job->pool);
        pool__let_leave(job->pool);
        pool__attend(job->pool);
    }
    pool__leave(job->pool);
    return error;
}

size_t pool_next_index(const pool_iterator_t *iterator)
{
    return iterator ? iterator->index : 0;
}

const pool_error_t *pool_next_error(const pool_iterator_t *iterator)
{
    return iterator ? iterator->error : NULL;
}

void pool_iterator_free(pool_iterator_t *iterator)
{
    if (!iterator || pool__check(iterator->job->pool) < 0)
        return;
    struct pool_future *job = iterator->job;
    pool_t *pool = job->pool;
    if (pool__enter(pool) < 0)
        return;
    if (!job->done)
        pool__stop(pool, job, POOL_CANCELLED, false);
    pool__wake_driver(pool);
    job->freed = true;
    if (job->callback_done)
        pool__job_free(&pool->queue, job);
    pool__leave(pool);
    pool__error_free(iterator->error);
    free(iterator);
}
