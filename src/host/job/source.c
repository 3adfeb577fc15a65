/* Runs in the host, with the lock held. Calls the user's source function. Must not call it again
 * after it has ended the items. */
#include "host/job/source.h"

#include <errno.h>
#include <string.h>

#include "host/job/job.h"

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

bool pool__source_contiguous(const struct pool_future *job)
{
    return !job->next_item && !job->in.gathered && pool__source_stride(&job->in) == job->in.size;
}

const void *pool__source_item(struct pool_future *job, uint64_t index)
{
    if (!job->next_item)
        return pool__source_element(job, index);
    if (job->is_staged)
        return job->staged;
    memset(job->staged, 0, job->in.size);
    errno = 0;
    int got = job->exhausted ? 0 : job->next_item(job->source, job->staged);
    if (got == 1) {
        job->is_staged = true;
        return job->staged;
    }
    if (!job->exhausted)
        job->source_error = got < 0 ? got : 0;
    job->exhausted = true;
    return NULL;
}
