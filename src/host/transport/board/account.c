/* Runs in the host: the account of chunks, and which chunk numbers are free. The account lies in
 * the host's private memory, so no worker can change it. */
#include "host/transport/board/account.h"

#include <errno.h>
#include <stdlib.h>

#include "common/board.h"
#include "host/job/job.h"
#include "host/pool.h"

int pool__chunks_init(pool_t *pool)
{
    pool->chunks = malloc(POOL__CHUNKS * sizeof *pool->chunks);
    pool->free_numbers = malloc(POOL__CHUNKS * sizeof *pool->free_numbers);
    return pool->chunks && pool->free_numbers ? 0 : -ENOMEM;
}

void pool__chunks_fini(pool_t *pool)
{
    free(pool->chunks);
    free(pool->free_numbers);
}

static inline void enter_ring(pool_t *pool, const struct pool__chunk *chunk)
{
    struct pool__rank *rank = &pool->rings[chunk->ring];
    if (rank->chunks++ == 0 || chunk->priority > rank->priority) {
        rank->priority = chunk->priority;
        rank->top = 0;
    }
    rank->top += chunk->priority == rank->priority;
}

/* Counts a chunk that is still outstanding again. */
static void enter_again(pool_t *pool, unsigned ring)
{
    pool->rings[ring].chunks = pool->rings[ring].top = 0;
    for (uint32_t number = 0; number < pool->numbers; number++)
        if (pool->chunks[number].job && pool->chunks[number].ring == ring)
            enter_ring(pool, &pool->chunks[number]);
}

/* When the last chunk of the highest priority leaves, the next is looked for among all. That is once
 * for each time that a call of a higher priority has been the first in the ring. */
static inline void leave_ring(pool_t *pool, const struct pool__chunk *chunk)
{
    struct pool__rank *rank = &pool->rings[chunk->ring];
    rank->chunks--;
    if (chunk->priority == rank->priority && --rank->top == 0 && rank->chunks > 0)
        enter_again(pool, chunk->ring);
}

void pool__chunk_out(struct pool__chunk *chunk, struct pool_future *job)
{
    chunk->job = job;
    chunk->priority = job->options.priority;
    chunk->previous = NULL;
    chunk->next = job->first_chunk;
    if (chunk->next)
        chunk->next->previous = chunk;
    job->first_chunk = chunk;
    job->chunks++;
    enter_ring(job->pool, chunk);
}

void pool__chunk_move(struct pool__chunk *chunk, unsigned ring)
{
    struct pool_future *job = chunk->job;
    if (ring == chunk->ring)
        return;
    chunk->job = NULL; /* it is not among those that are counted again */
    leave_ring(job->pool, chunk);
    chunk->job = job;
    chunk->ring = ring;
    enter_ring(job->pool, chunk);
}

void pool__chunk_back(struct pool__chunk *chunk)
{
    struct pool_future *job = chunk->job;
    *(chunk->previous ? &chunk->previous->next : &job->first_chunk) = chunk->next;
    if (chunk->next)
        chunk->next->previous = chunk->previous;
    chunk->job = NULL;
    job->chunks--;
    leave_ring(job->pool, chunk);
    pool__queue_advanced(job);
}

uint32_t pool__outstanding(const pool_t *pool)
{
    return pool->numbers - pool->free_count - pool->condemned;
}

void pool__skip_items(pool_t *pool, struct pool__chunk *chunk, uint64_t count)
{
    const struct pool_future *job = chunk->job;
    chunk->first += count;
    chunk->count -= count;
    chunk->seeds += count * sizeof(uint64_t);
    if (!job->out.type && !job->fold)
        chunk->results += count * job->out.size;
    if (!job->in.type)
        chunk->items += count * job->in.size;
    else
        for (; count > 0; count--) {
            const struct pool__entry *entry =
                (const void *)pool__board_at(pool->board, chunk->items);
            chunk->items += pool__entry_stride(entry->size);
        }
}
