/* Types of items and results: whether workers have them too, and what is in their values. Pure. */
#ifndef POOL_HOST_BASE_TYPES_H
#define POOL_HOST_BASE_TYPES_H

#include <stdbool.h>
#include <stddef.h>

#include "common/image.h"
#include "procpool.h"

enum { POOL__TYPES_MAX = 256 }; /* the most types that the values of one call may be made of */

/* The types that a check has met so far. Types may refer to each other in circles, so the check
 * visits each type once. */
struct pool__types {
    const pool_type_t *seen[POOL__TYPES_MAX];
    size_t count;
    bool custom; /* at least one of them is a custom type, with functions of the user's */
};

/* Begins a check. Leaves `seen` as it is: it is large, and only its first `count` entries are read. */
static inline void pool__types_begin(struct pool__types *types)
{
    types->count = 0;
    types->custom = false;
}

/* Whether `object` is static, or `function` is code, that was loaded when the image was taken and is
 * loaded now. Then the workers have the same at the same address. */
bool pool__is_static(const struct pool__image *image, const void *object);
bool pool__is_code(const struct pool__image *image, uintptr_t function);

/* Whether values of this type, of `size` bytes each, can travel to workers and back. They can if
 * the type makes sense, and it and all types that it refers to are static objects that the workers
 * have too. Adds the type and those types to `types`. */
bool pool__type_known(const struct pool__image *image, const pool_type_t *type, size_t size,
                      struct pool__types *types);

/* Whether functions of the user's run when values of this type are packed or unpacked. False for
 * NULL, and for a type for which pool__type_known() is false. */
bool pool__type_custom(const struct pool__image *image, const pool_type_t *type, size_t size);

/* Whether these items have an index and no data: see POOL_RANGE(). */
bool pool__is_range(const pool_in_t *in);

#endif
