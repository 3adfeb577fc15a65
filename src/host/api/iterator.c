/* Runs in the host: iterators, which give results in sequence for items that come in sequence. An
 * iterator is a job whose sink is a window of results, and not the caller's array. Taking a result
 * makes room in the window, and so lets the job give out more items. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/api/call.h"
#include "host/api/check.h"
#include "host/base/inside.h"
#include "host/base/types.h"
#include "host/engine/drive.h"
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
    size_t index;       /* of the item whose end pool_next() gave last */
    size_t given;       /* unordered: how many of window->order have been taken */
    pool_error_t error; /* of that item; its message is NULL if the item did not fail */
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
    error = pool__admit(pool);
    struct pool_future *job = error ? NULL : pool__job_new(&pool->queue);
    if (job) {
        error = pool__prepare(pool, job, call);
        job->async = true;
    }
    if (job && !error && pool__window_add(job, unordered)) {
        job->next_item = source->next;
        job->source = source->context;
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
    const struct pool_future *job = iterator->job;
    const struct pool__window *window = job->window;
    if (window->unordered)
        return iterator->given < window->ordered || job->callback_done;
    return window->states[window->delivered % window->capacity] != POOL__EMPTY ||
           job->callback_done;
}

/* Makes room in the window: its first elements leave it, up to the first that has not been
 * given. */
static void move_window(struct pool__window *window)
{
    for (;;) {
        enum pool__element_state *state = &window->states[window->delivered % window->capacity];
        if (*state != POOL__GONE)
            return;
        *state = POOL__EMPTY;
        window->delivered++;
    }
}

/* What pool_next() returns when there is no item to give. */
static int end_of(const struct pool_future *job)
{
    return job->status < 0 ? job->status : job->source_error;
}

/* Gives the next item that has ended: its result, or its error in `iterator->error`. Returns as
 * pool_next() does. */
static int give(pool_iterator_t *iterator, void *result)
{
    struct pool_future *job = iterator->job;
    struct pool__window *window = job->window;
    size_t index = window->delivered;
    if (window->unordered) {
        if (iterator->given == window->ordered)
            return end_of(job);
        index = window->order[iterator->given++ % window->capacity];
    }
    size_t at = index % window->capacity;
    enum pool__element_state state = window->states[at];
    if (state == POOL__EMPTY)
        return end_of(job);
    iterator->index = index + job->options.first;
    if (state == POOL__GOOD && result && job->out.size)
        memcpy(result, (char *)job->out.data + at * job->out.size, job->out.size);
    if (job->out.size)
        memset((char *)job->out.data + at * job->out.size, 0, job->out.size);
    iterator->error = window->errors[at]; /* the error's texts move too, if there are any */
    iterator->error.index = iterator->index;
    window->errors[at] = (pool_error_t){0};
    window->states[at] = POOL__GONE;
    move_window(window);
    return state == POOL__GOOD ? 1 : POOL_EITEM;
}

static int wait_for_next(pool_iterator_t *iterator, int milliseconds)
{
    struct pool__set set = {0};
    struct pool__watch watch;
    pool__watch(&set, &watch, iterator->job);
    int error = pool__drive(iterator->job->pool, has_next, iterator, &set, milliseconds);
    pool__unwatch(&watch);
    return error;
}

int pool_next(pool_iterator_t *iterator, void *result, int milliseconds)
{
    static const pool_error_t none;
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
        error = wait_for_next(iterator, milliseconds);
    if (!error) {
        pool__error_copy(&iterator->error, &none);
        error = give(iterator, result);
        pool__queue_advanced(job); /* there is room for one item more */
        pool__tend(job->pool);
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
    return iterator && iterator->error.message ? &iterator->error : NULL;
}

void pool_iterator_free(pool_iterator_t *iterator)
{
    static const pool_error_t none;
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
    pool__error_copy(&iterator->error, &none);
    free(iterator);
}
