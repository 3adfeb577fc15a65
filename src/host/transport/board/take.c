/* Runs in the host: results and errors from the board into the caller's memory. What lies there was
 * written by a worker, so it is checked as it is copied. */
#include <string.h>

#include "common/board.h"
#include "common/failure.h"
#include "host/base/death.h"
#include "host/base/dryrun.h"
#include "host/base/value.h"
#include "host/fill.h"
#include "host/job/ends.h"
#include "host/job/job.h"
#include "host/job/window.h"
#include "host/pool.h"
#include "host/transport/board/account.h"

/* ---- Streams ---- */

/* Finds the entry of the chunk's next item; false when what is there cannot be it. */
static bool next_entry(const pool_t *pool, uint32_t number, struct pool__entry *entry)
{
    const struct pool__chunk *chunk = &pool->chunks[number];
    uint64_t used = atomic_load(&pool->writable->cells[number].stream.used);
    if (used > chunk->room)
        used = chunk->room;
    if (used < chunk->result_at || used - chunk->result_at < sizeof *entry)
        return false;
    memcpy(entry, pool__board_at(pool->board, chunk->results) + chunk->result_at, sizeof *entry);
    return entry->index == chunk->first + chunk->taken &&
           entry->size <= used - chunk->result_at - sizeof *entry;
}

/* Takes the chunk's next item, whose entry this is. */
static void take_entry(pool_t *pool, struct pool__chunk *chunk, const struct pool__entry *entry)
{
    struct pool_future *job = chunk->job;
    const unsigned char *stream = pool__board_at(pool->board, chunk->results);
    pool_error_t unreadable = pool__overwritten;
    int error =
        pool__value_read(job->result_type, pool__element(job, entry->index), job->out.size,
                         stream + chunk->result_at + sizeof *entry, entry->size,
                         !job->custom_results); /* else it is read twice: see take_custom() */
    chunk->result_at += pool__entry_stride(entry->size);
    job->result_bytes = job->result_bytes > 0 ? job->result_bytes * 0.9 + (double)entry->size * 0.1
                                              : (double)entry->size;
    if (!error) {
        pool__window_mark(job, entry->index, NULL);
        job->ended++;
        chunk->taken++;
        return;
    }
    unreadable.message = "the result could not be unpacked";
    unreadable.code = error;
    pool__fail_items(chunk, chunk->taken + 1, unreadable);
}

/* A run of entries to be taken. */
struct taking {
    pool_t *pool;
    uint32_t number;
    uint64_t ended;
};

/* Takes the entries of the chunk's items up to the first `ended`, which must all be there. Runs in
 * the host, or in a copy of it, which tells how far it came. */
static void take_entries(void *argument)
{
    const struct taking *taking = argument;
    pool_t *pool = taking->pool;
    struct pool__chunk *chunk = &pool->chunks[taking->number];
    struct pool__entry entry;
    while (chunk->taken < taking->ended && next_entry(pool, taking->number, &entry)) {
        take_entry(pool, chunk, &entry);
        pool->board->dry_run.passed = chunk->taken;
    }
    pool__fail_items(chunk, taking->ended, pool__overwritten);
}

/* The same where unpacking runs functions of the user's: first in a copy, then for real what the copy
 * survived. */
static void take_custom(struct taking taking)
{
    pool_t *pool = taking.pool;
    struct pool__chunk *chunk = &pool->chunks[taking.number];
    const uint64_t ended = taking.ended;
    struct pool__entry entry;
    int status, died = 1;
    while (died && chunk->taken < ended) {
        uint64_t before = chunk->taken;
        taking.ended = ended;
        died = pool__run_dry(&pool->board->dry_run, take_entries, &taking, &status);
        if (died == 1) {
            uint64_t passed = pool->board->dry_run.passed;
            taking.ended = passed > before ? passed : before;
        }
        if (died >= 0)
            take_entries(&taking);
        if (died == 0 || chunk->taken == ended)
            return;
        pool_error_t error = died == 1 ? pool__death_error(status) : pool__overwritten;
        error.code = died == 1 ? error.code : died;
        error.message = "the result could not be unpacked";
        if (next_entry(pool, taking.number, &entry))
            chunk->result_at += pool__entry_stride(entry.size);
        pool__fail_items(chunk, chunk->taken + 1, error);
    }
}

static void take_stream(pool_t *pool, uint32_t number, uint64_t ended)
{
    struct taking taking = {pool, number, ended};
    if (pool->chunks[number].job->custom_results)
        take_custom(taking);
    else
        take_entries(&taking);
}

/* ---- All results ---- */

/* Takes plain results one by one: their places are not in one piece. */
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

/* Takes items that did not fail. */
static void take_results(pool_t *pool, uint32_t number, uint64_t ended)
{
    struct pool__chunk *chunk = &pool->chunks[number];
    struct pool_future *job = chunk->job;
    size_t size = job->out.size;
    if (chunk->taken >= ended)
        return;
    if (job->result_type) {
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
    chunk->taken = ended;
    chunk->good = true;
}

/* Of items whose failure records make no sense it cannot be said whether they failed. */
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
            continue; /* of the item that runs, or taken before */
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
