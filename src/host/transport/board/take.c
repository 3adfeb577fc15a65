/* Runs in the host: takes results and failure records from the writable half of the board to the
 * job's sink. Any worker may overwrite them at any time. Any bytes count as a plain result; all
 * else must be copied and checked. */
#include "host/transport/board/take.h"

#include <string.h>

#include "common/board.h"
#include "common/failure.h"
#include "host/job/ends.h"
#include "host/job/job.h"
#include "host/job/queue.h"
#include "host/job/window.h"
#include "host/pool.h"
#include "host/stream/decode.h"
#include "host/transport/board/account.h"

/* Takes results that are not plain data. Items whose entries make no sense end as corrupt. */
static void take_stream(pool_t *pool, uint32_t number, uint64_t ended)
{
    struct pool__chunk *chunk = &pool->chunks[number];
    uint64_t used = atomic_load(&pool->writable->cells[number].stream.used);
    struct pool__decoding decoding = {.job = chunk->job,
                                      .stream = pool__board_at(pool->board, chunk->results),
                                      .used = used < chunk->room ? used : chunk->room,
                                      .at = chunk->result_at,
                                      .first = chunk->first,
                                      .taken = chunk->taken};
    pool__decode(&decoding, ended);
    chunk->result_at = decoding.at;
    chunk->taken = decoding.taken;
}

/* Takes plain results for an iterator, one by one: its window is a circle, so their places may not
 * be contiguous. */
static void take_plain(struct pool__chunk *chunk, const unsigned char *results, uint64_t count)
{
    struct pool_future *job = chunk->job;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t index = chunk->first + chunk->taken + i;
        if (job->out.size)
            memcpy(pool__element(job, index), results + i * job->out.size, job->out.size);
        pool__window_mark(job, index, NULL);
    }
}

/* Takes the results of items that have not failed, up to item `ended` - 1. */
static void take_results(pool_t *pool, uint32_t number, uint64_t ended)
{
    struct pool__chunk *chunk = &pool->chunks[number];
    struct pool_future *job = chunk->job;
    size_t size = job->out.size;
    if (chunk->taken >= ended)
        return;
    if (job->out.type) {
        take_stream(pool, number, ended);
        return;
    }
    uint64_t count = ended - chunk->taken;
    const unsigned char *results =
        pool__board_at(pool->board, chunk->results) + chunk->taken * size;
    if (job->window)
        take_plain(chunk, results, count);
    else if (size && !job->out_shared && !job->fold)
        memcpy(pool__element(job, chunk->first + chunk->taken), results, count * size);
    job->ended += count;
    pool__queue_advanced(job);
    chunk->taken = ended;
    chunk->good = true;
}

/* Without a sensible failure record it is not known which of the items that follow have failed. */
void pool__take(pool_t *pool, uint32_t number, uint64_t ended, int worker, pid_t pid)
{
    struct pool__chunk *chunk = &pool->chunks[number];
    const unsigned char *page = pool__chunk_failures(pool->board, number);
    uint32_t used = atomic_load(&pool->writable->cells[number].failures), at = 0;
    struct pool__failure failure;
    bool sensible = true;
    while (at < used && sensible) {
        sensible = pool__failure_read(page, used, &at, &failure) && failure.item <= ended;
        if (!sensible || failure.item == ended || failure.item < chunk->taken)
            continue; /* a record of the item that runs, or one that was taken before */
        take_results(pool, number, failure.item);
        pool_error_t error = {.kind = POOL_FAILED,
                              .code = failure.code,
                              .message = failure.message,
                              .file = failure.file[0] ? failure.file : NULL,
                              .line = failure.line,
                              .worker = worker,
                              .pid = pid,
                              .attempt = 1};
        pool__fail_items(chunk, failure.item + 1, error);
    }
    if (!sensible)
        pool__fail_items(chunk, ended, pool__overwritten);
    take_results(pool, number, ended);
}
