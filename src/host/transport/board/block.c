/* Runs in the host: the two copies of an accumulator on the board. It must never read the
 * accumulator of a running worker, except the copy on which the worker does not work. With the lock
 * held. */
#include "host/transport/board/block.h"

#include <string.h>

#include "common/board.h"
#include "host/job/fold.h"
#include "host/job/job.h"
#include "host/pool.h"
#include "host/transport/board/account.h"

/* The copy that is valid after so many items. */
static unsigned char *valid_copy(const pool_t *pool, const struct pool__chunk *chunk,
                                 uint64_t ended)
{
    return pool__board_at(pool->board, chunk->results) +
           ended % 2 * pool__accumulator_stride(chunk->job->out.size);
}

void pool__block_settle(pool_t *pool, const struct pool__chunk *chunk, uint64_t ended)
{
    if (ended % 2)
        memcpy(valid_copy(pool, chunk, 0), valid_copy(pool, chunk, ended), chunk->job->out.size);
}

void pool__block_end(pool_t *pool, const struct pool__chunk *chunk, uint64_t ended, bool trusted)
{
    pool__fold_carried(chunk->job, chunk->first, trusted ? valid_copy(pool, chunk, ended) : NULL,
                       chunk->good);
}
