/* Runs in the host, with the lock held. Pure: reads the job and the pool, and changes nothing. */
#include "host/job/size.h"

#include "common/board.h"
#include "host/job/fold.h"
#include "host/job/job.h"
#include "host/job/source.h"
#include "host/job/window.h"
#include "host/pool.h"

enum {
    CHUNK_NANOSECONDS = 100000, /* an automatic chunk takes about this: much more than a claim */
    CHUNK_BYTES = 256 << 10,    /* bytes that it may hold, so that it stays in a cache */
    LEAST_ROOM = 1024, /* bytes: no limit for a chunk, and no room for results, is smaller */
    AHEAD = 8,         /* automatic chunks outstanding per worker, in a blocking call */
    AHEAD_ASYNC = 64,  /* the same in a call whose caller may be away */
    PARTS = 4          /* automatic chunks in a worker's share of the items left, at least */
};

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

uint64_t pool__share_of_budget(const pool_t *pool)
{
    uint64_t chunks = (uint64_t)pool->board->processes + 1;
    uint64_t share = pool->launch.options.budget / (2 * chunks);
    return share > LEAST_ROOM ? share : LEAST_ROOM;
}

uint64_t pool__chunk_limit(const pool_t *pool)
{
    return smaller(CHUNK_BYTES, pool__share_of_budget(pool));
}

/* The most items, of at most `count`, whose items, keys and results take no more than `bytes` each.
 * At least 1. */
static uint64_t fit_items(const struct pool_future *job, uint64_t count, uint64_t bytes)
{
    uint64_t larger = job->in.type ? (uint64_t)job->item_bytes : job->in.size;
    uint64_t result = job->out.type ? (uint64_t)job->result_bytes : job->out.size;
    larger = result > larger ? result : larger;
    if (job->options.keys && larger < sizeof *job->options.keys)
        larger = sizeof *job->options.keys;
    count = smaller(count, larger ? bytes / larger : UINT64_MAX);
    return count > 0 ? count : 1;
}

/* What is left of a block, as far as its plain items, which are not in a shared array, and its keys
 * take no more than one chunk's share of the budget. At least 1. */
static uint64_t fold_items(const pool_t *pool, const struct pool_future *job)
{
    uint64_t each = job->in.type || job->in_shared ? 0 : job->in.size;
    each += job->options.keys ? sizeof *job->options.keys : 0;
    uint64_t most = each ? pool__share_of_budget(pool) / each : UINT64_MAX;
    return smaller(pool__fold_left(job), most > 0 ? most : 1);
}

/* How long an automatic chunk should take, so that the chunks which are given out ahead take as long
 * as the caller wants. */
static double chunk_nanoseconds(const struct pool_future *job)
{
    double wanted = 1e6 * job->options.ahead / AHEAD_ASYNC;
    return wanted > CHUNK_NANOSECONDS ? wanted : CHUNK_NANOSECONDS;
}

/* As long as it is not known how long an item takes, a chunk has one item, so that the time is
 * known soon. The caller of a future may be outside of the library for long, and no chunk is given
 * out meanwhile. So the first chunks of a future are as large as they must be for AHEAD_ASYNC
 * chunks per worker to hold all its items. */
uint64_t pool__chunk_count(const pool_t *pool, const struct pool_future *job, bool hurry)
{
    uint64_t rest = job->in.count - job->given;
    if (job->broadcast)
        return 1;
    if (job->window)
        rest = smaller(rest, pool__window_room(job));
    if (job->fold)
        return fold_items(pool, job);
    if (job->custom_items && pool__source_is_function(job))
        return 1; /* items are packed in a copy of the host, where the source must not be called */
    if (job->options.chunksize)
        return smaller(job->options.chunksize, rest);
    if (job->item_nanoseconds <= 0) {
        uint64_t guess = job->async && !job->window && !hurry
                             ? rest / (AHEAD_ASYNC * (uint64_t)pool->board->processes)
                             : 1;
        return fit_items(job, guess, pool__share_of_budget(pool));
    }
    double wanted = chunk_nanoseconds(job) / (double)job->item_nanoseconds;
    uint64_t share = rest / (PARTS * (uint64_t)pool->board->processes);
    uint64_t count = wanted < (double)share ? (uint64_t)wanted : share;
    return fit_items(job, count, pool__chunk_limit(pool));
}

uint64_t pool__likely_room(const pool_t *pool, const struct pool_future *job, uint64_t count)
{
    double likely = (double)count * ((double)job->result_bytes * 1.25 + 64);
    uint64_t bytes = pool__chunk_limit(pool);
    bytes = likely < (double)bytes ? (uint64_t)likely : bytes;
    return bytes > LEAST_ROOM ? bytes : LEAST_ROOM;
}

uint32_t pool__chunks_ahead(const struct pool_future *job, uint32_t workers)
{
    return (job->async || job->options.ahead ? AHEAD_ASYNC : AHEAD) * workers;
}
