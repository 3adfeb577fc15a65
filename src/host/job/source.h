/* The source of a job: an array, a range, a function that gives one item after the other, or a broadcast. */
#ifndef POOL_HOST_JOB_SOURCE_H
#define POOL_HOST_JOB_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "procpool.h"

/* Bytes from one element of the array to the next, or from one pointer to the next. */
size_t pool__source_stride(const pool_in_t *in);

/* The array's element with this index, or what the pointer there points to; NULL if that is NULL. */
const void *pool__source_element(const struct pool_future *job, uint64_t index);

/* Whether items lie one after the other in an array, so that one memcpy copies several. */
bool pool__source_contiguous(const struct pool_future *job);

/* The item with this index, which is the next one if the source is a function; NULL when there is none.
 * The same item is given until job->is_staged is cleared. */
const void *pool__source_item(struct pool_future *job, uint64_t index);

#endif
