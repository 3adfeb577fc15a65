/* Runs in the host. All extents are in one list by address, so that neighbours can be joined. The
 * free extents are in a second list as well. Two things always hold: of two neighbours at most one
 * is free, and the last extent is not free, because memory freed at the end becomes fresh again. */
#include "host/base/arena.h"

#include <stdbool.h>
#include <stdlib.h>

enum {
    GRAIN = 64, /* bytes: sizes and offsets are multiples of it */
    TRIES = 64  /* free extents that are looked at before fresh memory is used */
};

struct pool__extent {
    uint64_t offset, size;
    struct pool__extent *below, *above;         /* neighbours by address */
    struct pool__extent *free_prev, *free_next; /* in the free list; the spare list has free_next */
    bool free;
};

void pool__arena_init(struct pool__arena *arena, uint64_t start, uint64_t end)
{
    *arena = (struct pool__arena){.start = start, .fresh = start, .end = end, .peak = start};
}

void pool__arena_fini(struct pool__arena *arena)
{
    while (arena->last) {
        struct pool__extent *below = arena->last->below;
        free(arena->last);
        arena->last = below;
    }
    while (arena->spare) {
        struct pool__extent *next = arena->spare->free_next;
        free(arena->spare);
        arena->spare = next;
    }
    *arena = (struct pool__arena){0};
}

static struct pool__extent *new_record(struct pool__arena *arena)
{
    struct pool__extent *record = arena->spare;
    if (record)
        arena->spare = record->free_next;
    else
        record = malloc(sizeof *record);
    return record;
}

static void drop_record(struct pool__arena *arena, struct pool__extent *record)
{
    record->free_next = arena->spare;
    arena->spare = record;
}

static void enlist(struct pool__arena *arena, struct pool__extent *extent)
{
    extent->free = true;
    extent->free_prev = NULL;
    extent->free_next = arena->free_list;
    if (extent->free_next)
        extent->free_next->free_prev = extent;
    arena->free_list = extent;
}

static void delist(struct pool__arena *arena, struct pool__extent *extent)
{
    extent->free = false;
    if (extent->free_prev)
        extent->free_prev->free_next = extent->free_next;
    else
        arena->free_list = extent->free_next;
    if (extent->free_next)
        extent->free_next->free_prev = extent->free_prev;
}

static void unlink_extent(struct pool__arena *arena, struct pool__extent *extent)
{
    if (extent->below)
        extent->below->above = extent->above;
    if (extent->above)
        extent->above->below = extent->below;
    else
        arena->last = extent->below;
}

static void link_above(struct pool__arena *arena, struct pool__extent *extent,
                       struct pool__extent *below)
{
    extent->below = below;
    extent->above = below ? below->above : NULL;
    if (below)
        below->above = extent;
    if (extent->above)
        extent->above->below = extent;
    else
        arena->last = extent;
}

static uint64_t round_up(uint64_t size)
{
    return (size + GRAIN - 1) / GRAIN * GRAIN;
}

/* Makes an extent of what `extent` has beyond `size`, and returns the new one. NULL: `extent` has
 * no more than `size`, or there is no memory for a record; then `extent` keeps its size. */
static struct pool__extent *cut(struct pool__arena *arena, struct pool__extent *extent,
                                uint64_t size)
{
    struct pool__extent *rest = extent->size > size ? new_record(arena) : NULL;
    if (!rest)
        return NULL;
    rest->offset = extent->offset + size;
    rest->size = extent->size - size;
    rest->free = false;
    extent->size = size;
    link_above(arena, rest, extent);
    return rest;
}

/* Takes the first free extent that is large enough, of the `tries` that were freed last. What it
 * has beyond `size` stays free. */
static struct pool__extent *from_free_list(struct pool__arena *arena, uint64_t size, int tries)
{
    struct pool__extent *extent = arena->free_list;
    for (int i = 0; extent && i < tries; i++, extent = extent->free_next) {
        if (extent->size < size)
            continue;
        delist(arena, extent);
        struct pool__extent *rest = cut(arena, extent, size);
        if (rest)
            enlist(arena, rest);
        return extent;
    }
    return NULL;
}

static struct pool__extent *from_fresh(struct pool__arena *arena, uint64_t size)
{
    struct pool__extent *extent;
    if (arena->end - arena->fresh < size || !(extent = new_record(arena)))
        return NULL;
    extent->offset = arena->fresh;
    extent->size = size;
    extent->free = false;
    arena->fresh += size;
    if (arena->fresh > arena->peak)
        arena->peak = arena->fresh;
    link_above(arena, extent, arena->last);
    return extent;
}

/* The first search of the free list is short, so that many small free extents do not slow down
 * every allocation. The whole list is searched when there is not enough fresh memory. */
struct pool__extent *pool__arena_alloc(struct pool__arena *arena, uint64_t size)
{
    if (size == 0 || size > arena->end - arena->start)
        return NULL;
    size = round_up(size);
    struct pool__extent *extent = from_free_list(arena, size, TRIES);
    if (!extent)
        extent = from_fresh(arena, size);
    if (!extent)
        extent = from_free_list(arena, size, INT32_MAX);
    return extent;
}

/* Joins `above`, the upper neighbour of `extent`, to `extent`. */
static void absorb(struct pool__arena *arena, struct pool__extent *extent,
                   struct pool__extent *above)
{
    extent->size += above->size;
    unlink_extent(arena, above);
    drop_record(arena, above);
}

void pool__arena_free(struct pool__arena *arena, struct pool__extent *extent)
{
    if (!extent)
        return;
    struct pool__extent *below = extent->below, *above = extent->above;
    if (above && above->free) {
        delist(arena, above);
        absorb(arena, extent, above);
    }
    if (below && below->free) {
        delist(arena, below);
        absorb(arena, below, extent);
        extent = below;
    }
    if (extent != arena->last) {
        enlist(arena, extent);
        return;
    }
    arena->fresh = extent->offset;
    unlink_extent(arena, extent);
    drop_record(arena, extent);
}

void pool__arena_shrink(struct pool__arena *arena, struct pool__extent *extent, uint64_t size)
{
    struct pool__extent *rest = cut(arena, extent, round_up(size));
    if (rest)
        pool__arena_free(arena, rest);
}

uint64_t pool__extent_offset(const struct pool__extent *extent)
{
    return extent->offset;
}

uint64_t pool__extent_size(const struct pool__extent *extent)
{
    return extent->size;
}

uint64_t pool__arena_peak(struct pool__arena *arena)
{
    uint64_t peak = arena->peak;
    arena->peak = arena->fresh;
    return peak;
}
