/* Runs in the host: the calls on several futures. pool_wait() waits for all futures one after the
 * other, and for the first of them by a watch on each. pool_as_completed() keeps such watches from
 * call to call, since it is called once for each future. The watches belong to an array: they are
 * known by its address and its number of places. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "common/clock.h"
#include "host/api/future.h"
#include "host/api/set.h"
#include "host/base/inside.h"
#include "host/engine/drive.h"
#include "host/engine/pool.h"
#include "host/job/job.h"
#include "host/job/watch.h"
#include "host/pool.h"

enum { LOOK = 1000000000 }; /* nanoseconds after which an array is looked through again */

struct pool__array {
    struct pool__array *next;
    pool_future_t *const *futures;
    size_t count;
    struct pool__set set;
    uint64_t added;  /* jobs that the pool had ever been given when the array was looked through */
    uint64_t looked; /* when that was */
    size_t bad;      /* futures that have ended badly, as far as they were taken from set.done */
    struct pool__watch watches[]; /* one for each place */
};

/* ---- The array ---- */

/* The pool of the futures, and whether they may be used, in `*error`. NULL: all entries are NULL, or
 * the futures are of several pools (then *error is -EINVAL). */
static pool_t *pool_of(pool_future_t *const *futures, size_t count, int *error)
{
    pool_t *pool = NULL;
    *error = 0;
    for (size_t i = 0; i < count; i++) {
        if (!futures[i])
            continue;
        if (pool && futures[i]->pool != pool) {
            *error = -EINVAL;
            return NULL;
        }
        pool = futures[i]->pool;
    }
    return pool;
}

static bool all_held(pool_future_t *const *futures, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (futures[i] && !pool__is_held(futures[i]))
            return false;
    return true;
}

static struct pool__array *array_new(pool_future_t *const *futures, size_t count)
{
    struct pool__array *array = calloc(1, sizeof *array + count * sizeof *array->watches);
    if (!array)
        return NULL;
    array->futures = futures;
    array->count = count;
    return array;
}

static void array_free(struct pool__array *array)
{
    for (size_t i = 0; i < array->count; i++)
        pool__unwatch(&array->watches[i]);
    free(array);
}

/* Puts a watch on each future at whose place there was another one, or none. */
static void look_through(const pool_t *pool, struct pool__array *array)
{
    for (size_t i = 0; i < array->count; i++) {
        struct pool__watch *watch = &array->watches[i];
        if (watch->job == array->futures[i])
            continue;
        pool__unwatch(watch);
        if (array->futures[i])
            pool__watch(&array->set, watch, array->futures[i]);
    }
    array->added = pool->queue.added;
    array->looked = pool__now();
}

/* ---- Waiting for several ---- */

/* The futures before `at` are ready, or their places are NULL. */
struct all {
    pool_future_t *const *futures;
    size_t count, at;
    struct pool__set set;
    struct pool__watch watch; /* on the first that is not ready */
};

static bool all_ready(void *argument)
{
    struct all *all = argument;
    while (all->at < all->count && (!all->futures[all->at] || all->futures[all->at]->callback_done))
        all->at++;
    pool__unwatch(&all->watch);
    if (all->at < all->count)
        pool__watch(&all->set, &all->watch, all->futures[all->at]);
    return all->at == all->count;
}

static int wait_for_all(pool_t *pool, pool_future_t *const *futures, size_t count, int milliseconds)
{
    struct all all = {.futures = futures, .count = count};
    int error = all_ready(&all) ? 0 : pool__drive(pool, all_ready, &all, &all.set, milliseconds);
    pool__unwatch(&all.watch);
    return error;
}

/* Whether no future is left that is not ready. */
static bool none_left(struct pool__array *array)
{
    struct pool__watch *watch;
    while ((watch = pool__set_take_done(&array->set))) {
        array->bad += pool__result_of(watch->job) != 0;
        pool__unwatch(watch);
    }
    return array->set.live == 0;
}

static bool any_ready(void *array)
{
    return ((struct pool__array *)array)->set.done != NULL;
}

static bool any_bad(void *array)
{
    return none_left(array) || ((struct pool__array *)array)->bad > 0;
}

static int wait_for_first(pool_t *pool, pool_future_t *const *futures, size_t count,
                          bool (*over)(void *array), int milliseconds)
{
    struct pool__array *array = array_new(futures, count);
    if (!array)
        return -ENOMEM;
    look_through(pool, array);
    int error = over(array) ? 0 : pool__drive(pool, over, array, &array->set, milliseconds);
    array_free(array);
    return error;
}

static int count_ready(pool_future_t *const *futures, size_t count)
{
    size_t ready = 0;
    for (size_t i = 0; i < count; i++)
        ready += futures[i] && futures[i]->callback_done;
    return ready > INT_MAX ? INT_MAX : (int)ready;
}

static int wait_locked(pool_t *pool, pool_future_t *const *futures, size_t count,
                       pool_wait_mode_t mode, int milliseconds)
{
    int error;
    if (!all_held(futures, count))
        return -EINVAL;
    if (mode == POOL_WAIT_ALL)
        error = wait_for_all(pool, futures, count, milliseconds);
    else
        error = wait_for_first(pool, futures, count, mode == POOL_WAIT_ANY ? any_ready : any_bad,
                               milliseconds);
    return error ? error : count_ready(futures, count);
}

int pool_wait(pool_future_t *const *futures, size_t count, pool_wait_mode_t mode, int milliseconds)
{
    int error;
    if ((!futures && count) || mode < POOL_WAIT_ALL || mode > POOL_WAIT_FIRST_ERROR)
        return -EINVAL;
    pool_t *pool = pool_of(futures, count, &error);
    if (!pool)
        return error;
    error = pool__go_inside(pool);
    if (error)
        return error;
    int ready = wait_locked(pool, futures, count, mode, milliseconds);
    pool__leave(pool);
    return ready;
}

/* ---- One after the other ---- */

/* The first place at which there is a future, from where the last look at the array found one; or
 * `count`. So a caller that takes one future after the other passes each place once. */
static size_t first_place(pool_future_t *const *futures, size_t count)
{
    static _Thread_local struct {
        pool_future_t *const *futures;
        size_t at;
    } last;
    size_t from = last.futures == futures && last.at < count ? last.at : 0, i = from;
    while (i < count && !futures[i])
        i++;
    if (i == count)
        for (i = 0; i < from && !futures[i];)
            i++;
    last.futures = futures;
    last.at = i;
    return i < count && futures[i] ? i : count;
}

/* Frees the watches of arrays whose futures have all been given or freed. */
static void sweep(pool_t *pool)
{
    struct pool__array **link = &pool->arrays;
    while (*link) {
        struct pool__array *array = *link;
        if (array->set.live || array->set.waiter) {
            link = &array->next;
            continue;
        }
        *link = array->next;
        free(array);
    }
}

void pool__arrays_free(pool_t *pool)
{
    while (pool->arrays) {
        struct pool__array *next = pool->arrays->next;
        free(pool->arrays);
        pool->arrays = next;
    }
}

/* The watches of this array, which are made if need be; NULL: no memory. */
static struct pool__array *array_of(pool_t *pool, pool_future_t *const *futures, size_t count)
{
    struct pool__array *array = pool->arrays;
    while (array && (array->futures != futures || array->count != count || array->set.waiter))
        array = array->next;
    if (array)
        return array;
    sweep(pool);
    array = array_new(futures, count);
    if (array) {
        array->next = pool->arrays;
        pool->arrays = array;
    }
    return array;
}

/* Empties the other places that hold the future. Returns the first of all these places. */
static size_t drop_doubles(struct pool__array *array, pool_future_t **futures,
                           pool_future_t *future, size_t first)
{
    for (struct pool__watch *watch = future->watches, *next; watch; watch = next) {
        next = watch->next;
        if (watch->set != &array->set)
            continue;
        size_t index = (size_t)(watch - array->watches);
        pool__unwatch(watch);
        if (futures[index] != future)
            continue;
        futures[index] = NULL;
        first = index < first ? index : first;
    }
    return first;
}

/* Takes the next future that is ready. Returns its index, or -ETIMEDOUT. All places that hold it
 * become NULL. A place may have been given another future since it was looked at. */
static int take_ready(struct pool__array *array, pool_future_t **futures, pool_future_t **ready)
{
    struct pool__watch *watch;
    while ((watch = pool__set_take_done(&array->set))) {
        pool_future_t *future = watch->job;
        pool__unwatch(watch);
        size_t index = (size_t)(watch - array->watches);
        if (futures[index] != future)
            continue;
        *ready = future;
        futures[index] = NULL;
        index = drop_doubles(array, futures, future, index);
        return index > INT_MAX ? INT_MAX : (int)index;
    }
    return -ETIMEDOUT;
}

/* Whether the array may hold futures that are not watched. Most can only have been submitted since it
 * was looked through; that others were put there is found out a little later. */
static bool is_stale(const pool_t *pool, const struct pool__array *array)
{
    return array->added != pool->queue.added || pool__now() - array->looked >= LOOK;
}

/* Looks the array through if it may hold futures that are not watched. Returns 0 or -EINVAL. */
static int look_again(const pool_t *pool, struct pool__array *array)
{
    int error = 0;
    if (!is_stale(pool, array))
        return 0;
    if (!pool_of(array->futures, array->count, &error) || !all_held(array->futures, array->count))
        return -EINVAL;
    look_through(pool, array);
    return 0;
}

/* Waits until a future has ended, or the array should be looked through again. Returns 0,
 * -ETIMEDOUT when the deadline has come, or another error. */
static int wait_for_next(pool_t *pool, struct pool__array *array, uint64_t deadline)
{
    uint64_t now = pool__now(), until = now + LOOK;
    until = until < deadline ? until : deadline;
    int error = pool__drive(pool, any_ready, array, &array->set, pool__milliseconds(now, until));
    return error == -ETIMEDOUT && pool__now() < deadline ? 0 : error;
}

/* Waits for a future that is ready, and takes it. */
static int take_next(pool_t *pool, struct pool__array *array, pool_future_t **futures,
                     uint64_t deadline, pool_future_t **ready)
{
    int index = take_ready(array, futures, ready), error = 0;
    while (index == -ETIMEDOUT && !error) {
        error = look_again(pool, array);
        index = take_ready(array, futures, ready);
        if (index != -ETIMEDOUT || error)
            break;
        error = wait_for_next(pool, array, deadline);
        index = take_ready(array, futures, ready);
    }
    return index >= 0 ? index : error;
}

static int next_locked(pool_t *pool, pool_future_t **futures, size_t count, int milliseconds,
                       pool_future_t **ready)
{
    struct pool__array *array = array_of(pool, futures, count);
    if (!array)
        return -ENOMEM;
    int index = take_next(pool, array, futures, pool__deadline(milliseconds), ready);
    if (array->set.live == 0)
        sweep(pool);
    return index;
}

int pool_as_completed(pool_future_t **futures, size_t count, int milliseconds,
                      pool_future_t **ready)
{
    if ((!futures && count) || !ready)
        return -EINVAL;
    size_t first = first_place(futures, count);
    if (first == count)
        return -ENOENT;
    pool_t *pool = futures[first]->pool;
    int error = pool__go_inside(pool);
    if (error)
        return error;
    int index = next_locked(pool, futures, count, milliseconds, ready);
    pool__leave(pool);
    return index;
}
