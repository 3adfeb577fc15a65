/* Values in the host's own memory: made from the flat form (common/flat.h), and freed. */
#ifndef POOL_HOST_BASE_VALUE_H
#define POOL_HOST_BASE_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "procpool.h"

/* Reads a value of `type` from the `size` bytes of flat form at `data` into the `to_size` bytes at
 * `to`, which are zero. What the value points to comes from malloc(), and belongs to the caller.
 * `once`: the flat form is not read again, so the pages of a huge value are given back to the
 * system while it is copied. Returns 0; or another code, as pool__unpack() does, and then the bytes
 * at `to` are zero and own nothing. */
int pool__value_read(const pool_type_t *type, void *to, size_t to_size, const unsigned char *data,
                     uint64_t size, bool once);

/* Frees what the value points to. The pointers in it are stale afterwards. */
void pool__value_release(const pool_type_t *type, void *value);

#endif
