/* Runs in the host, with the lock held. Owns the window of an iterator, and decides how many items
 * may be ahead of the caller. No item may be given out before it has a place in the window. */
#include "host/job/window.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/board.h"
#include "host/base/value.h"
#include "host/job/job.h"
#include "host/job/report.h"
#include "host/pool.h"

enum {
    CAPACITY = 4096, /* the most elements of a window, unless there are very many workers */
    FIRST = 16       /* elements of a new window */
};

/* ---- Elements ---- */

static void discard(const struct pool__elements *elements)
{
    free(elements->states);
    free(elements->results);
    free(elements->errors);
    free(elements->order);
}

/* Makes empty elements, with the arrays for results of this size that the elements `like` have. */
static bool make(struct pool__elements *made, size_t capacity, size_t size,
                 const struct pool__elements *like)
{
    *made = (struct pool__elements){.capacity = capacity, .states = calloc(capacity, 1)};
    bool good = made->states;
    if (size)
        good &= (made->results = calloc(capacity, size)) != NULL;
    if (like->errors)
        good &= (made->errors = calloc(capacity, sizeof *made->errors)) != NULL;
    if (like->order)
        good &= (made->order = calloc(capacity, sizeof *made->order)) != NULL;
    if (!good)
        discard(made);
    return good;
}

/* Moves what is in the window to other elements, which are empty. */
static void move(const struct pool_future *job, const struct pool__elements *to)
{
    const struct pool__window *window = job->window;
    const struct pool__elements *from = &window->elements;
    const size_t size = job->out.size;
    for (size_t i = window->delivered; i < job->given; i++) {
        size_t old = i % from->capacity, new = i % to->capacity;
        to->states[new] = from->states[old];
        if (from->errors)
            to->errors[new] = from->errors[old];
        if (size && from->states[old] == POOL__GOOD)
            memcpy(to->results + new *size, from->results + old * size, size);
    }
    for (size_t n = window->taken; from->order && n < window->ordered; n++)
        to->order[n % to->capacity] = from->order[n % from->capacity];
}

/* ---- The window ---- */

/* The most elements whose plain results are within the budget, but at least two for each worker. */
static size_t most_elements(const struct pool_future *job)
{
    size_t size = job->out.size ? job->out.size : 1;
    size_t fit = job->pool->launch.options.budget / size;
    size_t least = 2 * (size_t)job->pool->board->processes;
    size_t most = fit < CAPACITY ? fit : CAPACITY;
    return most > least ? most : least;
}

int pool__window_add(struct pool_future *job, const pool_source_t *source, bool unordered)
{
    struct pool__window *window = calloc(1, sizeof *window);
    if (!window)
        return -ENOMEM;
    const struct pool__elements like = {.order = unordered ? &(uint64_t){0} : NULL};
    window->limit = most_elements(job);
    window->next = source->next;
    window->context = source->context;
    window->staged = source->next ? calloc(1, job->in.size) : NULL;
    if ((source->next && !window->staged) ||
        !make(&window->elements, window->limit < FIRST ? window->limit : FIRST, job->out.size,
              &like)) {
        free(window->staged);
        free(window);
        return -ENOMEM;
    }
    job->window = window;
    return 0;
}

void pool__window_free(struct pool_future *job)
{
    struct pool__window *window = job->window;
    if (!window)
        return;
    const struct pool__elements *elements = &window->elements;
    for (size_t i = window->delivered; i < job->given; i++) {
        size_t at = i % elements->capacity;
        if (elements->states[at] == POOL__GOOD && job->out.type)
            pool__value_release(job->out.type, pool__element(job, i));
        if (elements->errors)
            pool__error_free(elements->errors[at]);
    }
    discard(elements);
    free(window->staged);
    free(window);
    job->window = NULL;
}

/* ---- What the engine does ---- */

/* How many items may have been given out and not been taken by the caller: as many as have results
 * within the budget, but at least two for each worker, and at most the limit. */
static size_t most_ahead(const struct pool_future *job)
{
    const size_t limit = job->window->limit;
    size_t least = 2 * (size_t)job->pool->board->processes;
    double fit = (double)job->pool->launch.options.budget /
                 ((double)job->out.size + (double)job->result_bytes + 1);
    size_t most = fit < (double)limit ? (size_t)fit : limit;
    if (job->out.type && job->result_bytes <= 0) /* the size of results is not known yet */
        most = least;
    most = most > least ? most : least;
    return most < limit ? most : limit;
}

/* While chunks are outstanding, the room is 0 until it is a quarter of the whole: so the items are
 * given out many at a time, not one by one as the caller takes results. */
size_t pool__window_room(const struct pool_future *job)
{
    size_t most = most_ahead(job), ahead = job->given - job->window->delivered;
    size_t room = ahead < most ? most - ahead : 0;
    return job->chunks && room < most / 4 ? 0 : room;
}

static void grow(const struct pool_future *job, size_t capacity)
{
    struct pool__elements *elements = &job->window->elements, grown;
    if (!make(&grown, capacity, job->out.size, elements))
        return;
    move(job, &grown);
    discard(elements);
    *elements = grown;
}

size_t pool__window_fit(struct pool_future *job, size_t count)
{
    const struct pool__window *window = job->window;
    size_t ahead = job->given - window->delivered, capacity = window->elements.capacity;
    while (capacity < ahead + count && capacity < window->limit)
        capacity = 2 * capacity < window->limit ? 2 * capacity : window->limit;
    if (capacity > window->elements.capacity)
        grow(job, capacity);
    size_t places = window->elements.capacity - ahead;
    return count < places ? count : places;
}

static void keep_error(struct pool__elements *elements, size_t at, const pool_error_t *error)
{
    if (!elements->errors)
        elements->errors = calloc(elements->capacity, sizeof(pool_error_t *));
    if (elements->errors)
        elements->errors[at] = pool__error_new(error);
}

void pool__window_mark(struct pool_future *job, uint64_t index, const pool_error_t *error)
{
    struct pool__window *window = job->window;
    if (!window)
        return;
    struct pool__elements *elements = &window->elements;
    size_t at = index % elements->capacity;
    elements->states[at] = error ? POOL__BAD : POOL__GOOD;
    if (error)
        keep_error(elements, at, error);
    if (elements->order)
        elements->order[window->ordered % elements->capacity] = index;
    window->ordered++;
}

void *pool__element(const struct pool_future *job, uint64_t index)
{
    if (!job->window)
        return (char *)job->out.data + index * job->out.size;
    const struct pool__elements *elements = &job->window->elements;
    return elements->results + index % elements->capacity * job->out.size;
}

/* ---- What the caller does ---- */

bool pool__window_next(const struct pool__window *window, size_t *index)
{
    const struct pool__elements *elements = &window->elements;
    *index = window->delivered;
    if (!elements->order)
        return elements->states[*index % elements->capacity] != POOL__EMPTY;
    if (window->taken == window->ordered)
        return false;
    *index = elements->order[window->taken % elements->capacity];
    return true;
}

/* The first elements leave the window, up to the first that the caller has not taken. */
static void move_on(struct pool__window *window)
{
    for (;;) {
        unsigned char *state =
            &window->elements.states[window->delivered % window->elements.capacity];
        if (*state != POOL__GONE)
            return;
        *state = POOL__EMPTY;
        window->delivered++;
    }
}

bool pool__window_take(struct pool_future *job, size_t index, void *result, pool_error_t **error)
{
    struct pool__window *window = job->window;
    const struct pool__elements *elements = &window->elements;
    size_t at = index % elements->capacity;
    bool good = elements->states[at] == POOL__GOOD;
    if (good && result && job->out.size)
        memcpy(result, pool__element(job, index), job->out.size);
    if (job->out.size)
        memset(pool__element(job, index), 0, job->out.size);
    *error = elements->errors ? elements->errors[at] : NULL;
    if (elements->errors)
        elements->errors[at] = NULL;
    elements->states[at] = POOL__GONE;
    window->taken++;
    move_on(window);
    return good;
}
