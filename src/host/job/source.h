/* The source of a job: an array, a range, a function that gives one item after the other, or a broadcast. */
#ifndef POOL_HOST_JOB_SOURCE_H
#define POOL_HOST_JOB_SOURCE_H

#include <stdint.h>

#include "procpool.h"

/* The array's element with this index. */
const void *pool__source_element(const struct pool_future *job, uint64_t index);

/* The item with this index, which is the next one if the source is a function; NULL when there is none.
 * The same item is given until job->is_staged is cleared. */
const void *pool__source_item(struct pool_future *job, uint64_t index);

#endif
