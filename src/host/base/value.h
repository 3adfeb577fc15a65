/* Values in memory of the host: read from a flat form, and freed. */
#ifndef POOL_HOST_BASE_VALUE_H
#define POOL_HOST_BASE_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "procpool.h"

/* Reads a value of `type` from the flat form at `data` into the `to_size` bytes at `to`, which are zero. The
 * memory of what the value points to is the caller's, from malloc(). `once`: the flat form is not read
 * again, so the pages of a huge value are given back to the system while it is copied. Returns 0 or a
 * negative code; then `*to` is zero and owns nothing. */
int pool__value_read(const pool_type_t *type, void *to, size_t to_size, const unsigned char *data,
                     uint64_t size, bool once);

/* Frees what a value in the host owns. */
void pool__value_release(const pool_type_t *type, void *value);

#endif
