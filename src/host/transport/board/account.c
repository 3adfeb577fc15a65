/* Runs in the host: the account of chunks, and which chunk numbers are free. The account lies in
 * the host's private memory, so no worker can change it. */
#include "host/transport/board/account.h"

#include <errno.h>
#include <stdlib.h>

#include "common/board.h"
#include "host/base/arena.h"
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

uint32_t pool__outstanding(const pool_t *pool)
{
    return pool->numbers - pool->free_count - pool->condemned;
}

/* Numbers that have been used before come first. So a pool that needs few numbers at a time touches
 * little of the account and of the board. */
bool pool__take_number(pool_t *pool, uint32_t *number)
{
    if (pool->free_count > 0) {
        *number = pool->free_numbers[--pool->free_count];
    } else if (pool->numbers < POOL__CHUNKS) {
        *number = pool->numbers++;
        pool->chunks[*number] = (struct pool__chunk){0};
    } else {
        return false;
    }
    return true;
}

void pool__give_number(pool_t *pool, uint32_t number)
{
    pool->chunks[number].job = NULL;
    pool->free_numbers[pool->free_count++] = number;
}

uint64_t pool__chunk_bytes(const struct pool__chunk *chunk)
{
    return (chunk->item_memory ? pool__extent_size(chunk->item_memory) : 0) +
           (chunk->result_memory ? pool__extent_size(chunk->result_memory) : 0);
}

void pool__skip_items(pool_t *pool, struct pool__chunk *chunk, uint64_t count)
{
    const struct pool_future *job = chunk->job;
    chunk->first += count;
    chunk->count -= count;
    if (!job->result_type && !job->fold)
        chunk->results += count * job->out.size;
    if (!job->item_type)
        chunk->items += count * job->in.size;
    else
        for (; count > 0; count--) {
            const struct pool__entry *entry =
                (const void *)pool__board_at(pool->board, chunk->items);
            chunk->items += pool__entry_stride(entry->size);
        }
}
