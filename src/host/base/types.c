/* Runs in the host. Pure: reads tables of types and the list of what is loaded. */
#include "host/base/types.h"

#include "common/flat.h"
#include "common/image.h"

bool pool__is_static(const struct pool__image *image, const void *object)
{
    return object && pool__image_is_current(image, (uintptr_t)object);
}

bool pool__is_code(const struct pool__image *image, uintptr_t function)
{
    return pool__image_runs(image, function) && pool__image_is_current(image, function);
}

/* Whether values of this type contain pointers. A pointer must lie at an aligned address. For a
 * table whose struct contains itself the search ends at some depth: packing fails there. */
static bool has_pointers(const pool_type_t *type, int depth)
{
    if (type->kind != POOL_KIND_STRUCT || depth == POOL__DEPTH)
        return type->kind == POOL_KIND_TEXT || type->kind == POOL_KIND_BYTES;
    for (size_t i = 0; i < type->field_count; i++)
        if (type->fields[i].count == 0 || has_pointers(type->fields[i].type, depth + 1))
            return true;
    return false;
}

static bool field_fits(const pool_type_t *type, const pool_field_t *field)
{
    size_t bytes;
    if (field->size == 0 || __builtin_mul_overflow(field->size, field->count, &bytes))
        return false;
    if (field->count == 0) {
        bytes = sizeof(void *);
        if (field->count_size == 0 || field->count_size > sizeof(uint64_t) ||
            field->count_offset > type->size ||
            field->count_size > type->size - field->count_offset)
            return false;
    }
    bool pointers = field->count == 0 || has_pointers(field->type, 0);
    if (pointers && (field->offset % sizeof(void *) || type->size % sizeof(void *)))
        return false; /* a packed struct: its pointers are not aligned */
    return field->offset <= type->size && bytes <= type->size - field->offset;
}

/* Whether a type other than a struct is what its kind says. */
static bool kind_fits(const struct pool__image *image, const pool_type_t *type)
{
    switch (type->kind) {
    case POOL_KIND_PLAIN:
        return true;
    case POOL_KIND_TEXT:
        return type->size == sizeof(char *);
    case POOL_KIND_BYTES:
        return type->size == sizeof(pool_bytes_t);
    case POOL_KIND_CUSTOM:
        return pool__is_code(image, (uintptr_t)type->pack) &&
               pool__is_code(image, (uintptr_t)type->unpack) &&
               (!type->release || pool__is_code(image, (uintptr_t)type->release));
    default:
        return false;
    }
}

bool pool__type_known(const struct pool__image *image, const pool_type_t *type, size_t size,
                      struct pool__types *types)
{
    if (!pool__is_static(image, type) || (type->size != size && type->kind != POOL_KIND_PLAIN))
        return false;
    for (size_t i = 0; i < types->count; i++)
        if (types->seen[i] == type)
            return true;
    if (types->count == POOL__TYPES_MAX)
        return false;
    types->seen[types->count++] = type;
    types->custom |= type->kind == POOL_KIND_CUSTOM;
    if (type->kind != POOL_KIND_STRUCT)
        return kind_fits(image, type);
    if (type->field_count == 0 || !pool__is_static(image, type->fields))
        return false;
    for (size_t i = 0; i < type->field_count; i++) {
        const pool_field_t *field = &type->fields[i];
        if (!pool__type_known(image, field->type, field->size, types) || !field_fits(type, field))
            return false;
    }
    return true;
}

bool pool__is_range(const pool_in_t *in)
{
    return !in->data && in->size == 0 && !in->type;
}

bool pool__type_custom(const struct pool__image *image, const pool_type_t *type, size_t size)
{
    struct pool__types types;
    pool__types_begin(&types);
    return type && pool__type_known(image, type, size, &types) && types.custom;
}
