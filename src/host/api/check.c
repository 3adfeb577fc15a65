/* Runs in the host: whether a call makes sense, before anything is done about it. */
#include "common/flat.h"
#include "host/pool.h"

enum { TYPES = 256 };

/* Types seen so far: they may refer to each other in circles. */
struct seen {
    const pool_type_t *types[TYPES];
    size_t count;
    bool custom; /* one of them has functions of the user's */
};

static bool is_static(const pool_t *pool, const void *object)
{
    return object && pool__image_has(&pool->launch.image, (uintptr_t)object);
}

static bool is_code(const pool_t *pool, uintptr_t function)
{
    return pool__image_runs(&pool->launch.image, function);
}

/* Whether there are pointers in values of this type, so that their place matters. A table that has a
 * struct within itself is given up at some depth: packing will find it out. */
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
        return false; /* a packed struct */
    return field->offset <= type->size && bytes <= type->size - field->offset;
}

/* Whether a type without fields is what its kind says. */
static bool kind_fits(const pool_t *pool, const pool_type_t *type)
{
    switch (type->kind) {
    case POOL_KIND_PLAIN:
        return true;
    case POOL_KIND_TEXT:
        return type->size == sizeof(char *);
    case POOL_KIND_BYTES:
        return type->size == sizeof(pool_bytes_t);
    case POOL_KIND_CUSTOM:
        return is_code(pool, (uintptr_t)type->pack) && is_code(pool, (uintptr_t)type->unpack) &&
               (!type->release || is_code(pool, (uintptr_t)type->release));
    default:
        return false;
    }
}

/* Whether values of this type can travel: it makes sense, and it and all it refers to are static
 * objects that the workers have. */
static bool type_known(const pool_t *pool, const pool_type_t *type, size_t size, struct seen *seen)
{
    if (!is_static(pool, type) || (type->size != size && type->kind != POOL_KIND_PLAIN))
        return false;
    for (size_t i = 0; i < seen->count; i++)
        if (seen->types[i] == type)
            return true;
    if (seen->count == TYPES)
        return false;
    seen->types[seen->count++] = type;
    seen->custom |= type->kind == POOL_KIND_CUSTOM;
    if (type->kind != POOL_KIND_STRUCT)
        return kind_fits(pool, type);
    if (type->field_count == 0 || !is_static(pool, type->fields))
        return false;
    for (size_t i = 0; i < type->field_count; i++) {
        const pool_field_t *field = &type->fields[i];
        if (!type_known(pool, field->type, field->size, seen) || !field_fits(type, field))
            return false;
    }
    return true;
}

bool pool__is_range(const pool_in_t *in)
{
    return !in->data && in->size == 0 && !in->type;
}

static int check_arrays(const pool_t *pool, const pool_in_t *in, const pool_out_t *out)
{
    struct seen seen = {.count = 0};
    size_t bytes;
    bool results = out->data || out->size || out->type, range = pool__is_range(in);
    if (in->count > 0 && ((!in->data && !range) || (results && !out->data)))
        return POOL_ENODATA;
    if ((in->size == 0 && !range) || (results && out->size == 0))
        return POOL_EITEMSIZE;
    if (__builtin_mul_overflow(in->count, in->size, &bytes) || bytes > PTRDIFF_MAX ||
        __builtin_mul_overflow(in->count, out->size, &bytes) || bytes > PTRDIFF_MAX)
        return POOL_EOVERFLOW;
    if ((!range && !type_known(pool, in->type, in->size, &seen)) ||
        (results && !type_known(pool, out->type, out->size, &seen)))
        return POOL_ETYPE;
    return 0;
}

bool pool__type_custom(const pool_t *pool, const pool_type_t *type, size_t size)
{
    struct seen seen = {.count = 0};
    return type && type_known(pool, type, size, &seen) && seen.custom;
}

int pool__check_call(const pool_t *pool, pool_function_t function, const pool_in_t *in,
                     const pool_out_t *out)
{
    int error = pool__check(pool);
    if (error)
        return error;
    if (!function)
        return POOL_ENOFUNCTION;
    error = check_arrays(pool, in, out);
    if (error)
        return error;
    if (!is_code(pool, (uintptr_t)function))
        return POOL_EUNKNOWN;
    return 0;
}

int pool__check_accumulator(const pool_t *pool, const pool_out_t *accumulator)
{
    if (!accumulator->data)
        return POOL_ENODATA;
    if (accumulator->size == 0)
        return POOL_EITEMSIZE;
    if (accumulator->size > PTRDIFF_MAX / 4) /* two of them, and more */
        return POOL_EOVERFLOW;
    bool plain = is_static(pool, accumulator->type) && accumulator->type->kind == POOL_KIND_PLAIN;
    return plain ? 0 : POOL_ETYPE;
}

int pool__check_phase(const pool_t *pool)
{
    if (pool->phase == POOL__RUNNING_PHASE)
        return 0;
    return pool->broken ? POOL_EBROKEN : POOL_ECLOSED;
}

int pool__check_callable(const pool_t *pool, const pool_callable_t *callable)
{
    int error = pool__check(pool);
    if (error)
        return error;
    if (!callable || callable->magic != POOL_CALLABLE || !callable->args)
        return POOL_ENOFUNCTION;
    return is_static(pool, callable) ? 0 : POOL_EUNKNOWN;
}
