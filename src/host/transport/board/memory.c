/* Runs in the host: gives pages of the board back to the system. It must never touch pages below
 * the end of what the arenas have in use. */
#include "host/transport/board/memory.h"

#include <sys/mman.h>

#include "common/board.h"
#include "host/base/arena.h"
#include "host/pool.h"

/* Bytes beyond the memory in use that each arena keeps for the next calls. */
#define KEPT ((uint64_t)64 << 20)

/* Gives back the pages from `keep` up to the highest that were used since the last trim. */
static void trim(pool_t *pool, struct pool__arena *arena)
{
    uint64_t peak = pool__arena_peak(arena), keep = arena->fresh + KEPT;
    /* Whole pages: 64 KiB is a multiple of every common page size. */
    uint64_t page = 65536, from = (keep + page - 1) / page * page;
    if (peak > from)
        madvise(pool__board_at(pool->board, from), peak - from, MADV_REMOVE);
}

void pool__trim(pool_t *pool)
{
    trim(pool, &pool->items_arena);
    trim(pool, &pool->results_arena);
}
