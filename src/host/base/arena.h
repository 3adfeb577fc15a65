/* An allocator for a range of shared memory. Its records are private to the host, and it never
 * reads or writes the range itself, so nothing that a worker writes there can disturb it. Pure,
 * except that its records come from malloc(). With the lock held.
 *
 * It hands out extents: pieces of the range. The extent that was freed last is used again first,
 * because its memory is in the caches and has its pages. Memory that no extent covers, which is
 * called fresh, is used when the latest freed extents are too small. */
#ifndef POOL_HOST_ARENA_H
#define POOL_HOST_ARENA_H

#include <stddef.h>
#include <stdint.h>

struct pool__extent; /* a piece of the range, allocated or free */

struct pool__arena {
    struct pool__extent *last;      /* the extent with the highest offset; NULL: none */
    struct pool__extent *free_list; /* the free extents, the latest freed first */
    struct pool__extent *spare;     /* records that no extent uses */
    uint64_t start, fresh, end;     /* extents cover [start, fresh); [fresh, end) is fresh */
    uint64_t peak;                  /* the highest `fresh` since the last pool__arena_peak() */
};

/* Makes an arena of the range from offset `start`, a multiple of 64, up to offset `end`. */
void pool__arena_init(struct pool__arena *arena, uint64_t start, uint64_t end);

/* Frees the records. The memory of the range stays as it is: it is the caller's. */
void pool__arena_fini(struct pool__arena *arena);

/* Allocates at least `size` bytes at an offset that is a multiple of 64. NULL when `size` is 0, and
 * when there is no room in the range or no memory for a record. */
struct pool__extent *pool__arena_alloc(struct pool__arena *arena, uint64_t size);

/* Frees the extent; NULL is allowed. */
void pool__arena_free(struct pool__arena *arena, struct pool__extent *extent);

/* Frees the end of the extent, so that `size` > 0 bytes, rounded up to a multiple of 64, are left.
 * If there is no memory for a record, the extent stays as large as it is. */
void pool__arena_shrink(struct pool__arena *arena, struct pool__extent *extent, uint64_t size);

/* The offset at which the extent begins, and its size in bytes. */
uint64_t pool__extent_offset(const struct pool__extent *extent);
uint64_t pool__extent_size(const struct pool__extent *extent);

/* Returns the highest offset that extents have reached since the last call of this function. */
uint64_t pool__arena_peak(struct pool__arena *arena);

#endif
