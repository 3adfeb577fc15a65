/* An allocator for a range of shared memory whose own records are private to the host: whatever is
 * written into the range cannot disturb it. Pure but for malloc().
 *
 * Freed memory is used again first, the latest first, since it is in the caches and has its pages;
 * memory never used before is touched last. */
#ifndef POOL_HOST_ARENA_H
#define POOL_HOST_ARENA_H

#include <stddef.h>
#include <stdint.h>

struct pool__extent; /* a piece of the range */

struct pool__arena {
    struct pool__extent *last;      /* the piece with the highest offset */
    struct pool__extent *free_list; /* free pieces, latest first */
    struct pool__extent *spare;     /* records to use again */
    uint64_t start, fresh, end;     /* [fresh, end) is not cut into pieces */
    uint64_t peak;                  /* the highest that `fresh` has been since pool__arena_peak() */
};

void pool__arena_init(struct pool__arena *arena, uint64_t start, uint64_t end);

/* Frees the records; the range is the caller's. */
void pool__arena_fini(struct pool__arena *arena);

/* Allocates `size` > 0 bytes aligned to 64. NULL when there is no room or no memory for the record.
 */
struct pool__extent *pool__arena_alloc(struct pool__arena *arena, uint64_t size);

/* Gives it back; NULL is allowed. */
void pool__arena_free(struct pool__arena *arena, struct pool__extent *extent);

/* Gives the end of it back, so that `size` > 0 bytes are left. */
void pool__arena_shrink(struct pool__arena *arena, struct pool__extent *extent, uint64_t size);

/* Where it lies, and how many bytes it has. */
uint64_t pool__extent_offset(const struct pool__extent *extent);
uint64_t pool__extent_size(const struct pool__extent *extent);

/* The end of what has been allocated since the last such call. */
uint64_t pool__arena_peak(struct pool__arena *arena);

#endif
