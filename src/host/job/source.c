/* Runs in the host, with the lock held. Calls the user's source function. Must not call it again
 * after it has ended the items. */
#include "host/job/source.h"

#include <errno.h>
#include <string.h>

#include "host/job/job.h"
#include "host/job/window.h"

size_t pool__source_stride(const pool_in_t *in)
{
    if (in->stride)
        return in->stride;
    return in->gathered ? sizeof(void *) : in->size;
}

const void *pool__source_element(const struct pool_future *job, uint64_t index)
{
    const pool_in_t *in = &job->in;
    const void *element =
        (const char *)in->data + (job->broadcast ? 0 : index) * pool__source_stride(in);
    if (in->gathered)
        memcpy(&element, element, sizeof element);
    return element;
}

bool pool__source_is_function(const struct pool_future *job)
{
    return job->window && job->window->next;
}

bool pool__source_contiguous(const struct pool_future *job)
{
    return !pool__source_is_function(job) && !job->in.gathered &&
           pool__source_stride(&job->in) == job->in.size;
}

/* Has the function of the source give its next item. False when there is none. */
static bool stage(const struct pool_future *job)
{
    struct pool__window *window = job->window;
    if (window->exhausted)
        return false;
    memset(window->staged, 0, job->in.size);
    errno = 0;
    int got = window->next(window->context, window->staged);
    window->is_staged = got == 1;
    window->exhausted = got != 1;
    if (got < 0)
        window->end = got;
    return got == 1;
}

const void *pool__source_item(struct pool_future *job, uint64_t index)
{
    if (!pool__source_is_function(job))
        return pool__source_element(job, index);
    return job->window->is_staged || stage(job) ? job->window->staged : NULL;
}

void pool__source_used(struct pool_future *job)
{
    if (job->window)
        job->window->is_staged = false;
}
