/* Runs in the host: shared arrays. They are pieces of the board's arena of results, in which
 * workers may write. The list of them is private to the host. */
#include "host/api/shared.h"

#include <stdlib.h>
#include <string.h>

#include "common/board.h"
#include "host/base/arena.h"
#include "host/base/inside.h"
#include "host/engine/pool.h"
#include "host/job/job.h"
#include "host/pool.h"

void *pool_shared_alloc(pool_t *pool, size_t count, size_t size)
{
    size_t bytes;
    if (pool__check(pool) < 0 || __builtin_mul_overflow(count, size, &bytes) || bytes == 0)
        return NULL;
    struct shared_array *array = malloc(sizeof *array);
    if (!array)
        return NULL;
    if (pool__enter(pool) < 0) {
        free(array);
        return NULL;
    }
    array->extent = pool__arena_alloc(&pool->results_arena, bytes);
    if (array->extent) {
        array->next = pool->shared;
        pool->shared = array;
    }
    pool__leave(pool);
    if (!array->extent) {
        free(array);
        return NULL;
    }
    void *memory = pool__board_at(pool->board, pool__extent_offset(array->extent));
    memset(memory, 0, bytes);
    return memory;
}

void pool_shared_free(pool_t *pool, void *memory)
{
    if (!memory || pool__check(pool) < 0)
        return;
    uint64_t offset = pool__board_offset(pool->board, memory);
    struct shared_array *found = NULL;
    if (pool__enter(pool) < 0)
        return;
    for (struct shared_array **link = &pool->shared; *link && !found;) {
        if (pool__extent_offset((*link)->extent) == offset) {
            found = *link;
            *link = found->next;
            pool__arena_free(&pool->results_arena, found->extent);
        } else {
            link = &(*link)->next;
        }
    }
    pool__leave(pool);
    free(found);
}

bool pool__in_shared_array(const pool_t *pool, const void *data, size_t bytes)
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
