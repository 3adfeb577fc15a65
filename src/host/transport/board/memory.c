/* Runs in the host. */
#include "host/transport/board/memory.h"

#include <sys/mman.h>

#include "common/board.h"
#include "host/base/arena.h"
#include "host/pool.h"

/* Memory beyond this is given back to the system when nothing uses it. */
#define KEPT ((uint64_t)64 << 20)

/* Gives memory back that only a large call needed. */
static void trim(pool_t *pool, struct pool__arena *arena)
{
    uint64_t peak = pool__arena_peak(arena), keep = arena->fresh + KEPT;
    uint64_t page = 65536, from = (keep + page - 1) / page * page;
    if (peak > from)
        madvise(pool__board_at(pool->board, from), peak - from, MADV_REMOVE);
}

void pool__trim(pool_t *pool)
{
    trim(pool, &pool->items_arena);
    trim(pool, &pool->results_arena);
}
