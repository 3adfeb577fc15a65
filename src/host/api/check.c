/* Runs in the host: decides whether a call makes sense. It changes nothing, so a call that is
 * refused has no effect. */
#include "host/api/check.h"

#include <stdint.h>

#include "common/image.h"
#include "host/base/types.h"
#include "host/engine/pool.h"
#include "host/job/source.h"
#include "host/pool.h"

static bool product_fits(size_t count, size_t size)
{
    size_t bytes;
    return !__builtin_mul_overflow(count, size, &bytes) && bytes <= PTRDIFF_MAX;
}

bool pool__items_fit(const pool_in_t *in)
{
    return product_fits(in->count, in->size) && product_fits(in->count, pool__source_stride(in));
}

static int check_arrays(const pool_t *pool, const pool_in_t *in, const pool_out_t *out)
{
    struct pool__types types;
    pool__types_begin(&types);
    bool results = out->data || out->size || out->type, range = pool__is_range(in);
    if (in->count > 0 && ((!in->data && !range) || (results && !out->data)))
        return POOL_ENODATA;
    if ((in->size == 0 && !range) || (results && out->size == 0))
        return POOL_EITEMSIZE;
    if (!pool__items_fit(in) || !product_fits(in->count, out->size) ||
        (out->room && in->count * out->size > out->room))
        return POOL_EOVERFLOW;
    if ((!range && !pool__type_known(&pool->launch.image, in->type, in->size, &types)) ||
        (results && !pool__type_known(&pool->launch.image, out->type, out->size, &types)))
        return POOL_ETYPE;
    return 0;
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
    if (!pool__is_code(&pool->launch.image, (uintptr_t)function))
        return POOL_EUNKNOWN;
    return 0;
}

int pool__check_accumulator(const pool_t *pool, const pool_out_t *accumulator)
{
    if (!accumulator->data)
        return POOL_ENODATA;
    if (accumulator->size == 0)
        return POOL_EITEMSIZE;
    if (accumulator->size > PTRDIFF_MAX / 4) /* a block has two copies of it, each rounded up */
        return POOL_EOVERFLOW;
    bool plain = pool__is_static(&pool->launch.image, accumulator->type) &&
                 accumulator->type->kind == POOL_KIND_PLAIN;
    return plain ? 0 : POOL_ETYPE;
}

int pool__check_callable(const pool_t *pool, const pool_callable_t *callable)
{
    int error = pool__check(pool);
    if (error)
        return error;
    const struct pool__image *image = &pool->launch.image;
    bool known = pool__is_static(image, callable);
    if (!known && pool__image_has(image, (uintptr_t)callable)) /* its library was unloaded */
        return POOL_EUNKNOWN;
    if (!callable || callable->magic != POOL_CALLABLE || !callable->args)
        return POOL_ENOFUNCTION;
    return known ? 0 : POOL_EUNKNOWN;
}

int pool__check_options(const pool_map_options_t *options, size_t count, bool keys)
{
    if (!options)
        return 0;
    if (options->timeout < 0 || options->ahead < 0 || (options->keys && !keys))
        return POOL_EOPTION;
    return count > SIZE_MAX - options->first ? POOL_EOVERFLOW : 0;
}
