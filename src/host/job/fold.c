/* Runs in the host, with the lock held. Owns the sum, and the accumulators of the blocks that have
 * ended and are not merged yet. The first accumulator becomes the sum, and each later one is merged
 * into it. It must merge in the order of the blocks alone: then the result does not depend on the
 * workers. */
#include "host/job/fold.h"

#include <errno.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "common/board.h"
#include "host/base/arena.h"
#include "host/job/job.h"
#include "host/pool.h"

enum {
    BLOCKS = 1024, /* the most blocks of a fold whose caller does not set their size */
    WAITING = 1024 /* the most blocks that are given out and not merged yet */
};

struct pool__fold {
    pool_merge_t merge;
    uint64_t block;  /* items in one block */
    uint64_t merged; /* blocks that have been merged or left out; so the number of the next */
    struct ending {
        bool ended;
        struct pool__extent *memory; /* begins with the accumulator; NULL: nothing to merge */
    } endings[WAITING];              /* block b that is not merged yet is at b % WAITING */
    bool any;                        /* at least one block has gone into `sum` */
    alignas(16) unsigned char sum[];
};

int pool__fold_start(struct pool_future *job, pool_merge_t merge)
{
    size_t count = job->in.count;
    struct pool__fold *fold = malloc(sizeof *fold + job->out.size);
    if (!fold)
        return -ENOMEM;
    memset(fold, 0, sizeof *fold);
    fold->merge = merge;
    fold->block = job->options.chunksize;
    if (fold->block == 0)
        fold->block = count > 0 ? (count - 1) / BLOCKS + 1 : 1;
    job->fold = fold;
    job->out_shared = false; /* workers write to copies, also of an accumulator that is shared */
    return 0;
}

uint64_t pool__fold_block(const struct pool_future *job)
{
    return job->fold->block;
}

uint64_t pool__fold_ahead(const struct pool_future *job)
{
    uint64_t given = job->given / job->fold->block + (job->given % job->fold->block > 0);
    return given - job->fold->merged;
}

bool pool__fold_full(const struct pool_future *job)
{
    return pool__fold_ahead(job) >= WAITING;
}

void pool__fold_keep(struct pool_future *job, uint64_t last, bool good, struct pool__extent *memory)
{
    pool_t *pool = job->pool;
    struct ending *ending = &job->fold->endings[last / job->fold->block % WAITING];
    if (memory && good && job->status == 0 && !ending->ended) {
        pool->bytes += pool__extent_size(memory);
        ending->memory = memory;
    } else {
        pool__arena_free(&pool->results_arena, memory);
    }
    ending->ended = true;
}

void pool__fold_spoil(struct pool_future *job, int code)
{
    if (job->status == 0)
        job->status = code;
}

/* Merges the accumulator of the next block into the sum. Returns 0, or what the user's function
 * returned; a positive number is made negative. */
static int add(struct pool_future *job, const void *accumulator)
{
    struct pool__fold *fold = job->fold;
    int code = 0;
    errno = 0;
    if (fold->any)
        code = fold->merge(fold->sum, accumulator);
    else
        memcpy(fold->sum, accumulator, job->out.size);
    fold->any = true;
    return code < 0 ? code : -code;
}

bool pool__fold_merge(struct pool_future *job)
{
    struct pool__fold *fold = job->fold;
    pool_t *pool = job->pool;
    bool failed = false;
    for (;;) {
        struct ending *ending = &fold->endings[fold->merged % WAITING];
        struct pool__extent *memory = ending->memory;
        if (!ending->ended)
            return failed;
        *ending = (struct ending){0};
        fold->merged++;
        if (!memory)
            continue;
        if (job->status == 0) {
            job->status = add(job, pool__board_at(pool->board, pool__extent_offset(memory)));
            failed |= job->status < 0;
        }
        pool->bytes -= pool__extent_size(memory);
        pool__arena_free(&pool->results_arena, memory);
    }
}

void pool__fold_end(struct pool_future *job)
{
    pool__fold_merge(job);
    if (job->status == 0 && job->fold->any)
        memcpy(job->out.data, job->fold->sum, job->out.size);
    free(job->fold);
    job->fold = NULL;
}
