/* The source of a job's items: an array, a range, a function that gives one item after the other,
 * or the one item of a broadcast. With the lock held. */
#ifndef POOL_HOST_JOB_SOURCE_H
#define POOL_HOST_JOB_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/job/job.h"

/* Bytes from one element of the array to the next, or from one pointer to the next. */
size_t pool__source_stride(const pool_in_t *in);

/* Returns the element of the array for item `index`, or what the pointer there points to; NULL if
 * that is NULL. In a broadcast always the first. */
const void *pool__source_element(const struct pool_future *job, uint64_t index);

/* Whether a function gives the items, one after the other. */
bool pool__source_is_function(const struct pool_future *job);

/* Whether items lie one after the other in an array, so that one memcpy copies several. */
bool pool__source_contiguous(const struct pool_future *job);

/* Returns item `index`; NULL when there are no more items, or when the pointer to it is NULL. If the
 * source is a function, `index` must be that of the next item: the function gives its items in
 * order, and the same item is returned until pool__source_used() is called. */
const void *pool__source_item(struct pool_future *job, uint64_t index);

/* Says that the item which pool__source_item() returned last is in a chunk, or has ended without
 * one. */
void pool__source_used(struct pool_future *job);

#endif
