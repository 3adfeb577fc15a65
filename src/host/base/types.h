/* Types of items and results: whether the workers have them, and what is in them. Pure. */
#ifndef POOL_HOST_BASE_TYPES_H
#define POOL_HOST_BASE_TYPES_H

#include <stdbool.h>
#include <stddef.h>

#include "common/image.h"
#include "procpool.h"

enum { POOL__TYPES_MAX = 256 };

/* The types that a check has met so far: types may refer to each other in circles. */
struct pool__types {
    const pool_type_t *seen[POOL__TYPES_MAX];
    size_t count;
    bool custom; /* one of them has functions of the user's */
};

/* Whether `object` is static data, or `function` is code, that was loaded when the pool was made and is
 * loaded now; the workers have the same at the same address. */
bool pool__is_static(const struct pool__image *image, const void *object);
bool pool__is_code(const struct pool__image *image, uintptr_t function);

/* Whether values of this type, of `size` bytes each, can travel: the type makes sense, and it and all
 * types it refers to are static objects that the workers have. Adds them to `types`. */
bool pool__type_known(const struct pool__image *image, const pool_type_t *type, size_t size,
                      struct pool__types *types);

/* Whether values of this type meet functions of the user's when they travel. False for NULL and for a
 * type that is not known. */
bool pool__type_custom(const struct pool__image *image, const pool_type_t *type, size_t size);

/* Whether these are items without data: see POOL_RANGE(). */
bool pool__is_range(const pool_in_t *in);

#endif
