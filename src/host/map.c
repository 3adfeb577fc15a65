/* Runs in the host: the calls that run items, and the memory items can lie in. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "host/fill.h"
#include "host/pool.h"

struct pool_type {
    const char *name;
};

const pool_type_t pool_type_plain = {"plain"};
const pool_type_t pool_type_text = {"text"};
const pool_type_t pool_type_bytes = {"bytes"};

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

/* ---- Map ---- */

static int check_arrays(const pool_in_t *in, const pool_out_t *out)
{
    size_t bytes;
    bool results = out->data || out->size || out->type;
    if (in->count > 0 && (!in->data || (results && !out->data)))
        return POOL_ENODATA;
    if (in->size == 0 || (results && out->size == 0))
        return POOL_EITEMSIZE;
    if (!in->type || (results && out->type != &pool_type_plain))
        return POOL_EOPTION;
    if (__builtin_mul_overflow(in->count, in->size, &bytes) || bytes > PTRDIFF_MAX ||
        __builtin_mul_overflow(in->count, out->size, &bytes) || bytes > PTRDIFF_MAX)
        return POOL_EOVERFLOW;
    return 0;
}

static int check_call(const pool_t *pool, pool_function_t function, const pool_in_t *in,
                      const pool_out_t *out)
{
    int error = pool__check(pool);
    if (error)
        return error;
    if (!function)
        return POOL_ENOFUNCTION;
    error = check_arrays(in, out);
    if (error)
        return error;
    if (!pool__image_has(&pool->image, (uintptr_t)function))
        return POOL_EUNKNOWN;
    if (pool->phase == POOL__RUNNING_PHASE)
        return 0;
    return pool->broken ? POOL_EBROKEN : POOL_ECLOSED;
}

/* Gives memory back that only a large call needed. */
static void trim(pool_t *pool, struct pool__arena *arena)
{
    uint64_t peak = pool__arena_peak(arena), keep = arena->fresh + KEPT;
    uint64_t page = 65536, from = (keep + page - 1) / page * page;
    if (peak > from)
        madvise(pool__board_at(pool->board, from), peak - from, MADV_REMOVE);
}

/* Until every item has an end. What cannot even be given out is lost. */
static int run(pool_t *pool, struct pool__job *job)
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

int pool_map_with(pool_t *pool, pool_function_t function, pool_in_t in, pool_out_t out,
                  const pool_map_options_t *options)
{
    int error = check_call(pool, function, &in, &out);
    if (error)
        return error;
    struct pool__job job = {.function = function,
                            .in = in,
                            .out = out,
                            .chunksize = options ? options->chunksize : 0,
                            .in_shared = in_shared_array(pool, in.data, in.count * in.size),
                            .out_shared = in_shared_array(pool, out.data, in.count * out.size)};
    pool__report_clear(&pool->report);
    pool->items = in.count;
    return run(pool, &job);
}

int pool_map(pool_t *pool, pool_function_t function, pool_in_t in, pool_out_t out)
{
    return pool_map_with(pool, function, in, out, NULL);
}
