/* Runs in the host, with the lock held. Owns the array of a heap, and each job's place in it. What
 * decides the order of a job must not change while the job is in the heap. */
#include "host/job/heap.h"

#include <errno.h>
#include <stdlib.h>

enum { LEAST = 64 }; /* jobs that a heap has room for, at least */

static bool before(const struct pool__heap *heap, const struct pool_future *a,
                   const struct pool_future *b)
{
    if (heap->kind == POOL__TIMED_HEAP)
        return pool__job_due(a) < pool__job_due(b);
    if (a->options.priority != b->options.priority)
        return a->options.priority > b->options.priority;
    return (int32_t)(a->turn - b->turn) < 0; /* the turns may have begun anew */
}

bool pool__heap_has(const struct pool__heap *heap, const struct pool_future *job)
{
    uint32_t place = job->places[heap->kind];
    return place < heap->count && heap->jobs[place] == job;
}

int pool__heap_reserve(struct pool__heap *heap, size_t count)
{
    size_t capacity = heap->capacity > LEAST ? heap->capacity : LEAST;
    while (capacity < count)
        capacity *= 2;
    while (capacity > LEAST && count < capacity / 4 && heap->count < capacity / 4)
        capacity /= 2;
    if (capacity == heap->capacity)
        return 0;
    struct pool_future **jobs = realloc(heap->jobs, capacity * sizeof(struct pool_future *));
    if (!jobs)
        return count <= heap->capacity ? 0 : -ENOMEM;
    heap->jobs = jobs;
    heap->capacity = capacity;
    return 0;
}

static void put(struct pool__heap *heap, struct pool_future *job, size_t place)
{
    heap->jobs[place] = job;
    job->places[heap->kind] = (uint32_t)place;
    heap->steps++;
}

static void move_up(struct pool__heap *heap, struct pool_future *job, size_t place)
{
    while (place > 0 && before(heap, job, heap->jobs[(place - 1) / 2])) {
        put(heap, heap->jobs[(place - 1) / 2], place);
        place = (place - 1) / 2;
    }
    put(heap, job, place);
}

static void move_down(struct pool__heap *heap, struct pool_future *job, size_t place)
{
    for (size_t child = 2 * place + 1; child < heap->count; child = 2 * place + 1) {
        if (child + 1 < heap->count && before(heap, heap->jobs[child + 1], heap->jobs[child]))
            child++;
        if (!before(heap, heap->jobs[child], job))
            break;
        put(heap, heap->jobs[child], place);
        place = child;
    }
    put(heap, job, place);
}

void pool__heap_add(struct pool__heap *heap, struct pool_future *job)
{
    move_up(heap, job, heap->count++);
}

void pool__heap_settle(struct pool__heap *heap, struct pool_future *job)
{
    if (pool__heap_has(heap, job))
        move_down(heap, job, job->places[heap->kind]);
}

/* The last job takes the place that becomes free. */
void pool__heap_remove(struct pool__heap *heap, struct pool_future *job)
{
    if (!pool__heap_has(heap, job))
        return;
    size_t place = job->places[heap->kind];
    struct pool_future *last = heap->jobs[--heap->count];
    if (last == job)
        return;
    if (place > 0 && before(heap, last, heap->jobs[(place - 1) / 2]))
        move_up(heap, last, place);
    else
        move_down(heap, last, place);
}

void pool__heap_fini(struct pool__heap *heap)
{
    free(heap->jobs);
    heap->jobs = NULL;
    heap->count = heap->capacity = 0;
}
