/* The source of a job's items: an array, a range, a function that gives one item after the other,
 * or the one item of a broadcast. With the lock held. */
#ifndef POOL_HOST_JOB_SOURCE_H
#define POOL_HOST_JOB_SOURCE_H

#include <stdint.h>

#include "host/job/job.h"

/* Returns the element of the array for item `index`: in a broadcast always the first. */
static inline const void *pool__source_element(const struct pool_future *job, uint64_t index)
{
    return (const char *)job->in.data + (job->broadcast ? 0 : index) * job->in.size;
}

/* Returns item `index`; NULL when there are no more items. If the source is a function, `index`
 * must be that of the next item: the function gives its items in order, and the same item is
 * returned until the caller clears job->is_staged. */
const void *pool__source_item(struct pool_future *job, uint64_t index);

#endif
