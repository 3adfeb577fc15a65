/* Between the files that move chunks: filling them (fill.c) and settling them (chunks.c). */
#ifndef POOL_HOST_FILL_H
#define POOL_HOST_FILL_H

#include "host/pool.h"

/* Puts the chunk, as its account has it, into the ring under a new generation. */
void pool__publish(pool_t *pool, uint32_t number);

/* Writes a ticket of the chunk's present generation into the ring. */
void pool__queue(pool_t *pool, uint32_t number);

/* How far apart the items of a chunk lie on the board. */
uint64_t pool__item_stride(const struct pool__job *job);

/* What a chunk takes of the budget. */
uint64_t pool__chunk_bytes(const struct pool__chunk *chunk);

/* Lists the items of the job from index `from` up to `to` as lost. */
void pool__lose_items(pool_t *pool, struct pool__job *job, uint64_t from, uint64_t to);

#endif
