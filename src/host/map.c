/* Runs in the host: the calls that run items, and the memory items can lie in. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "common/flat.h"
#include "host/fill.h"

/* ---- Shared arrays ---- */

/* Memory beyond this is given back to the system when nothing uses it. */
#define KEPT ((uint64_t)64 << 20)

void *pool_shared_alloc(pool_t *pool, size_t count, size_t size)
{
    size_t bytes;
    if (pool__check(pool) < 0 || __builtin_mul_overflow(count, size, &bytes) || bytes == 0)
        return NULL;
    struct shared_array *array = malloc(sizeof *array);
    if (!array)
        return NULL;
    array->extent = pool__arena_alloc(&pool->results_arena, bytes);
    if (!array->extent) {
        free(array);
        return NULL;
    }
    array->next = pool->shared;
    pool->shared = array;
    void *memory = pool__board_at(pool->board, pool__extent_offset(array->extent));
    memset(memory, 0, bytes);
    return memory;
}

void pool_shared_free(pool_t *pool, void *memory)
{
    if (!memory || pool__check(pool) < 0)
        return;
    uint64_t offset = pool__board_offset(pool->board, memory);
    for (struct shared_array **link = &pool->shared; *link; link = &(*link)->next) {
        struct shared_array *array = *link;
        if (pool__extent_offset(array->extent) != offset)
            continue;
        *link = array->next;
        pool__arena_free(&pool->results_arena, array->extent);
        free(array);
        return;
    }
}

/* Whether [data, data + bytes) lies in one of the pool's shared arrays. */
static bool in_shared_array(const pool_t *pool, const void *data, size_t bytes)
{
    uint64_t offset = pool__board_offset(pool->board, data);
    for (const struct shared_array *array = pool->shared; array; array = array->next) {
        uint64_t start = pool__extent_offset(array->extent);
        uint64_t size = pool__extent_size(array->extent);
        if (offset >= start && bytes <= size && offset - start <= size - bytes)
            return true;
    }
    return false;
}

/* ---- Checking ---- */

enum { TYPES = 256 };

/* Types seen so far: they may refer to each other in circles. */
struct seen {
    const pool_type_t *types[TYPES];
    size_t count;
    bool custom; /* one of them has functions of the user's */
};

static bool is_static(const pool_t *pool, const void *object)
{
    return object && pool__image_has(&pool->crossing.image, (uintptr_t)object);
}

static bool is_code(const pool_t *pool, uintptr_t function)
{
    return pool__image_runs(&pool->crossing.image, function);
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
    return field->offset <= type->size && bytes <= type->size - field->offset;
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
    if (type->kind == POOL_KIND_CUSTOM)
        return is_code(pool, (uintptr_t)type->pack) && is_code(pool, (uintptr_t)type->unpack);
    if (type->kind != POOL_KIND_STRUCT)
        return type->kind >= POOL_KIND_PLAIN && type->kind <= POOL_KIND_BYTES;
    if (type->field_count == 0 || !is_static(pool, type->fields))
        return false;
    for (size_t i = 0; i < type->field_count; i++) {
        const pool_field_t *field = &type->fields[i];
        if (!field_fits(type, field) || !type_known(pool, field->type, field->size, seen))
            return false;
    }
    return true;
}

static int check_arrays(const pool_t *pool, const pool_in_t *in, const pool_out_t *out)
{
    struct seen seen = {.count = 0};
    size_t bytes;
    bool results = out->data || out->size || out->type;
    if (in->count > 0 && (!in->data || (results && !out->data)))
        return POOL_ENODATA;
    if (in->size == 0 || (results && out->size == 0))
        return POOL_EITEMSIZE;
    if (__builtin_mul_overflow(in->count, in->size, &bytes) || bytes > PTRDIFF_MAX ||
        __builtin_mul_overflow(in->count, out->size, &bytes) || bytes > PTRDIFF_MAX)
        return POOL_EOVERFLOW;
    if (!type_known(pool, in->type, in->size, &seen) ||
        (results && !type_known(pool, out->type, out->size, &seen)))
        return POOL_ETYPE;
    return 0;
}

/* Whether there are functions of the user's in this type, which is known. */
static bool is_custom(const pool_t *pool, const pool_type_t *type, size_t size)
{
    struct seen seen = {.count = 0};
    return type && type_known(pool, type, size, &seen) && seen.custom;
}

static int check_call(const pool_t *pool, pool_function_t function, const pool_in_t *in,
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
    if (pool->phase == POOL__RUNNING_PHASE)
        return 0;
    return pool->broken ? POOL_EBROKEN : POOL_ECLOSED;
}

/* ---- Running ---- */

/* Gives memory back that only a large call needed. */
static void trim(pool_t *pool, struct pool__arena *arena)
{
    uint64_t peak = pool__arena_peak(arena), keep = arena->fresh + KEPT;
    uint64_t page = 65536, from = (keep + page - 1) / page * page;
    if (peak > from)
        madvise(pool__board_at(pool->board, from), peak - from, MADV_REMOVE);
}

/* Until every item has an end. What cannot even be given out is lost. */
int pool__run_job(pool_t *pool, struct pool__job *job)
{
    while (job->ended < job->in.count) {
        pool__fill(pool, job);
        if (pool__outstanding(pool) == 0) {
            if (job->status == 0)
                job->status = POOL_EBROKEN;
            pool__lose_items(pool, job, job->next, job->in.count);
            break;
        }
        pool__wait(pool, -1);
        pool__collect(pool);
    }
    trim(pool, &pool->items_arena);
    trim(pool, &pool->results_arena);
    pool__report_sort(&pool->report);
    if (job->status < 0)
        return job->status;
    return job->failed > INT_MAX ? INT_MAX : (int)job->failed;
}

/* ---- The calls ---- */

/* The type of a stream, or NULL for values that are copied as they are. */
static const pool_type_t *stream_type(const pool_type_t *type)
{
    return !type || type->kind == POOL_KIND_PLAIN ? NULL : type;
}

static int map(pool_t *pool, pool_function_t function, pool_in_t in, pool_out_t out,
               const pool_map_options_t *options)
{
    struct pool__job job = {.function = function,
                            .in = in,
                            .out = out,
                            .chunksize = options ? options->chunksize : 0,
                            .item_type = stream_type(in.type),
                            .result_type = stream_type(out.type),
                            .custom_items = is_custom(pool, in.type, in.size),
                            .custom_results = is_custom(pool, out.type, out.size)};
    if (!job.item_type)
        job.in_shared = in_shared_array(pool, in.data, in.count * in.size);
    if (!job.result_type)
        job.out_shared = in_shared_array(pool, out.data, in.count * out.size);
    else if (in.count)
        memset(out.data, 0, in.count * out.size);
    pool__report_clear(&pool->report);
    pool->items = in.count;
    return pool__run_job(pool, &job);
}

int(pool_map_with)(pool_t *pool, pool_function_t function, pool_in_t in, pool_out_t out,
                   const pool_map_options_t *options)
{
    int error = check_call(pool, function, &in, &out);
    return error ? error : map(pool, function, in, out, options);
}

int(pool_map)(pool_t *pool, pool_function_t function, pool_in_t in, pool_out_t out)
{
    return (pool_map_with)(pool, function, in, out, NULL);
}

int pool_map_callable_with(pool_t *pool, const void *function, pool_in_t in, pool_out_t out,
                           const pool_map_options_t *options)
{
    const pool_callable_t *callable = function;
    int error = pool__check(pool);
    if (error)
        return error;
    if (!callable || callable->magic != POOL_CALLABLE)
        return POOL_ENOFUNCTION;
    if (!is_static(pool, callable))
        return POOL_EUNKNOWN;
    in.type = callable->args;
    out.type = callable->result;
    if (out.size != callable->result_size)
        return POOL_ETYPE;
    error = check_call(pool, callable->call, &in, &out);
    if (error)
        return error;
    if (pool__type_plain(in.type))
        in.type = &pool_type_plain;
    return map(pool, callable->call, in, out, options);
}

int pool_map_callable(pool_t *pool, const void *function, pool_in_t in, pool_out_t out)
{
    return pool_map_callable_with(pool, function, in, out, NULL);
}

int(pool_starmap_with)(pool_t *pool, const pool_callable_t *function, const void *rows,
                       size_t count, void *results, const pool_map_options_t *options)
{
    if (!pool)
        return POOL_ENOPOOL;
    if (!function || function->magic != POOL_CALLABLE || !function->args)
        return POOL_ENOFUNCTION;
    return pool_map_callable_with(pool, function,
                                  pool_in(rows, count, function->args->size, function->args),
                                  pool_out(results, function->result_size, function->result),
                                  options);
}

int(pool_starmap)(pool_t *pool, const pool_callable_t *function, const void *rows, size_t count,
                  void *results)
{
    return (pool_starmap_with)(pool, function, rows, count, results, NULL);
}
