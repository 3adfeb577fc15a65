/* What only an iterator has. Its sink is a window of elements. An element is the place of one item:
 * the item's result or error stays there until the caller takes it. The window moves on as the
 * caller takes elements. Its source may be a function, whose state is here too: see job/source.h.
 * With the lock held. */
#ifndef POOL_HOST_JOB_WINDOW_H
#define POOL_HOST_JOB_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "procpool.h"

enum pool__element_state {
    POOL__EMPTY, /* the item has not ended */
    POOL__GOOD,  /* the item has ended well */
    POOL__BAD,   /* the item has ended with an error */
    POOL__GONE   /* the caller has taken the element, but not yet all elements before it */
};

/* The element of item i lies at i % capacity in each array. */
struct pool__elements {
    size_t capacity;
    unsigned char *states; /* values of enum pool__element_state */
    unsigned char *results;
    pool_error_t *
        *errors;     /* of BAD elements; NULL: none has failed. An error for which there was no
                              memory is NULL */
    uint64_t *order; /* NULL: the caller gets results in the order of the items. Else: in the order
                        in which the items end. The n-th item that ended is at n % capacity */
};

struct pool__window {
    struct pool__elements elements;
    size_t limit;     /* the window grows to at most so many elements */
    size_t delivered; /* the window begins with this item: the caller has taken all items before */
    size_t ordered;   /* items that have ended */
    size_t taken;     /* items that the caller has taken */
    int (*next)(void *context, void *item); /* gives the next item; NULL: the source is an array */
    void *context;                          /* of next() */
    void *staged;                           /* room for one item of next() */
    bool is_staged;                         /* `staged` holds an item that is in no chunk yet */
    bool exhausted;                         /* next() has no more items */
    int end; /* negative: why the items ended early, by next() or by pool__stop() */
};

/* Gives the job a small window, for the results of items from this source. Returns 0 or -ENOMEM. */
int pool__window_add(struct pool_future *job, const pool_source_t *source, bool unordered);

/* Frees the job's window, with the results and errors that were not taken. Does nothing for a job
 * without a window. Visits only the items that are in the window. */
void pool__window_free(struct pool_future *job);

/* ---- What the engine does ---- */

/* How many more items may be given out now. The window may have to grow for them. */
size_t pool__window_room(const struct pool_future *job);

/* Has places for `count` more items in the window, and lets it grow for that. Returns for how many
 * of them there are places: fewer when there is no memory. */
size_t pool__window_fit(struct pool_future *job, size_t count);

/* Records that item `index` has ended: with this error, or well if `error` is NULL. Does nothing for
 * a job without a window. */
void pool__window_mark(struct pool_future *job, uint64_t index, const pool_error_t *error);

/* Returns the place for the result of item `index`: in the window, or in the caller's array. The
 * place is valid until the window grows. */
void *pool__element(const struct pool_future *job, uint64_t index);

/* ---- What the caller does ---- */

/* Whether there is an element for the caller. `*index` gets the number of its item. */
bool pool__window_next(const struct pool__window *window, size_t *index);

/* Takes the element of item `index`, whose turn it is. If the item has ended well, copies the result
 * to `result`, which may be NULL, and returns true. If not, `*error` gets the error, which the
 * caller frees by pool__error_free(); NULL: there was no memory for it. */
bool pool__window_take(struct pool_future *job, size_t index, void *result, pool_error_t **error);

#endif
