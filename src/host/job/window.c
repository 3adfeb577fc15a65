/* Runs in the host, with the lock held. Owns the window of an iterator, and decides how many items
 * may be ahead of the caller. No item may be given out before its place in the window is empty. */
#include "host/job/window.h"

#include <stdlib.h>

#include "common/board.h"
#include "host/base/value.h"
#include "host/job/job.h"
#include "host/job/report.h"
#include "host/pool.h"

enum { CAPACITY = 4096 }; /* the most elements of a window, unless there are very many workers */

bool pool__window_add(struct pool_future *job, bool unordered)
{
    struct pool__window *window = calloc(1, sizeof *window);
    if (!window)
        return false;
    job->window = window;
    size_t size = job->out.size ? job->out.size : 1;
    size_t fit = job->pool->launch.options.budget / size;
    size_t least = 2 * (size_t)job->pool->board->processes,
           capacity = fit < CAPACITY ? fit : CAPACITY;
    capacity = capacity > least ? capacity : least;
    window->capacity = capacity;
    window->unordered = unordered;
    window->states = calloc(capacity, sizeof *window->states);
    window->errors = calloc(capacity, sizeof *window->errors);
    window->order = calloc(capacity, sizeof *window->order);
    job->out.data = calloc(capacity, size);
    job->staged = calloc(1, job->in.size ? job->in.size : 1);
    return window->states && window->errors && window->order && job->out.data && job->staged;
}

void pool__window_free(struct pool_future *job)
{
    static const pool_error_t none;
    struct pool__window *window = job->window;
    if (!window)
        return;
    bool whole = window->states && window->errors && job->out.data;
    for (size_t i = 0; whole && i < window->capacity; i++) {
        if (window->states[i] == POOL__GOOD && job->result_type)
            pool__value_release(job->result_type, (char *)job->out.data + i * job->out.size);
        pool__error_copy(&window->errors[i], &none);
    }
    free(window->states);
    free(window->errors);
    free(window->order);
    free(job->out.data);
    free(job->staged);
    free(window);
}

void pool__window_mark(struct pool_future *job, uint64_t index, const pool_error_t *error)
{
    struct pool__window *window = job->window;
    if (!window)
        return;
    size_t at = index % window->capacity;
    window->states[at] = error ? POOL__BAD : POOL__GOOD;
    if (error)
        pool__error_copy(&window->errors[at], error);
    window->order[window->ordered++ % window->capacity] = index;
}

/* How many items may have been given out and not been taken by the caller: as many as have results
 * within the budget, but at least two for each worker, and at most the capacity. */
static size_t most_ahead(const struct pool_future *job)
{
    const struct pool__window *window = job->window;
    size_t least = 2 * (size_t)job->pool->board->processes;
    double fit =
        (double)job->pool->launch.options.budget / ((double)job->out.size + job->result_bytes + 1);
    size_t most = fit < (double)window->capacity ? (size_t)fit : window->capacity;
    if (job->result_type && job->result_bytes <= 0) /* the size of results is not known yet */
        most = least;
    most = most > least ? most : least;
    return most < window->capacity ? most : window->capacity;
}

/* While chunks are outstanding, the room is 0 until it is a quarter of the whole: so the items are
 * given out many at a time, not one by one as the caller takes results. */
size_t pool__window_room(const struct pool_future *job)
{
    size_t most = most_ahead(job), ahead = job->given - job->window->delivered;
    size_t room = ahead < most ? most - ahead : 0;
    return job->chunks && room < most / 4 ? 0 : room;
}

void *pool__element(const struct pool_future *job, uint64_t index)
{
    uint64_t place = job->window ? index % job->window->capacity : index;
    return (char *)job->out.data + place * job->out.size;
}
