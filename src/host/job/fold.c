/* Runs in the host, with the lock held. Owns the sum, and the accumulators of the blocks that have
 * begun and are not merged yet, while they are in the host. The first accumulator becomes the sum,
 * and each later one is merged into it. It must merge in the order of the blocks alone: then the
 * result does not depend on the workers. It knows nothing of how chunks reach workers. */
#include "host/job/fold.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/job/job.h"
#include "host/pool.h"

enum {
    BLOCKS = 1024, /* the most blocks of a fold whose caller does not set their size */
    WAITING = 1024 /* the most blocks that have begun and are not merged yet */
};

/* A block that has begun. It has ended when no chunk is outstanding and no item is left. */
struct block {
    uint64_t left;     /* its items, the last ones, that have not been given out */
    bool outstanding;  /* a chunk of the block is outstanding */
    void *accumulator; /* with which the latest chunk has ended; NULL: no item has ended well */
};

struct pool__fold {
    pool_merge_t merge;
    uint64_t size;   /* items in one block; the last block may have fewer */
    uint64_t total;  /* blocks */
    uint64_t begun;  /* blocks that have begun; so the number of the next */
    uint64_t merged; /* blocks that have been merged or left out; so the number of the next */
    uint64_t paused; /* blocks that have begun and have items left, but no chunk outstanding */
    void *sum;       /* NULL: no block has gone into it */
    struct block blocks[WAITING]; /* block b that has begun and is not merged is at b % WAITING */
};

int pool__fold_start(struct pool_future *job, pool_merge_t merge)
{
    size_t count = job->in.count;
    struct pool__fold *fold = malloc(sizeof *fold);
    if (!fold)
        return -ENOMEM;
    fold->begun = fold->merged = fold->paused = 0;
    fold->sum = NULL;
    fold->merge = merge;
    fold->size = job->options.chunksize;
    if (fold->size == 0)
        fold->size = count > 0 ? (count - 1) / BLOCKS + 1 : 1;
    fold->total = count > 0 ? (count - 1) / fold->size + 1 : 0;
    job->fold = fold;
    job->out_shared = false; /* workers write to copies, also of an accumulator that is shared */
    return 0;
}

uint64_t pool__fold_ahead(const struct pool_future *job)
{
    return job->fold->begun - job->fold->merged;
}

bool pool__fold_may_begin(const struct pool_future *job)
{
    return job->fold->begun < job->fold->total && pool__fold_ahead(job) < WAITING;
}

static struct block *block_number(struct pool__fold *fold, uint64_t number)
{
    return &fold->blocks[number % WAITING];
}

/* The item behind the last item of the block. */
static uint64_t block_end(const struct pool_future *job, uint64_t number)
{
    uint64_t first = number * job->fold->size, rest = job->in.count - first;
    return first + (rest < job->fold->size ? rest : job->fold->size);
}

/* ---- The next chunk ---- */

bool pool__fold_goes_on(const struct pool_future *job)
{
    return job->fold->paused > 0;
}

/* The number of the block to which the next chunk belongs. */
static uint64_t next_block(struct pool__fold *fold)
{
    uint64_t number = fold->merged;
    if (fold->paused == 0)
        return fold->begun;
    while (block_number(fold, number)->outstanding || block_number(fold, number)->left == 0)
        number++;
    return number;
}

uint64_t pool__fold_next(const struct pool_future *job)
{
    uint64_t number = next_block(job->fold);
    if (number == job->fold->begun)
        return number * job->fold->size;
    return block_end(job, number) - block_number(job->fold, number)->left;
}

uint64_t pool__fold_left(const struct pool_future *job)
{
    return block_end(job, next_block(job->fold)) - pool__fold_next(job);
}

const void *pool__fold_carry(const struct pool_future *job, uint64_t first)
{
    uint64_t number = first / job->fold->size;
    const struct block *block = block_number(job->fold, number);
    return number < job->fold->begun && block->accumulator ? block->accumulator : job->out.data;
}

void pool__fold_given(struct pool_future *job, uint64_t count)
{
    struct pool__fold *fold = job->fold;
    uint64_t number = next_block(fold);
    struct block *block = block_number(fold, number);
    if (number == fold->begun) {
        *block = (struct block){.left = block_end(job, number) - number * fold->size};
        fold->begun++;
    } else {
        fold->paused--;
    }
    block->left -= count;
    block->outstanding = true;
}

uint64_t pool__fold_skip(struct pool_future *job)
{
    uint64_t item = pool__fold_next(job);
    pool__fold_given(job, 1);
    pool__fold_carried(job, item, NULL, false);
    return item;
}

/* Blocks that have not begun are taken all at once: there may be any number of them. */
void pool__fold_take_rest(struct pool_future *job, uint64_t *from, uint64_t *to)
{
    struct pool__fold *fold = job->fold;
    uint64_t number = fold->merged;
    while (number < fold->begun && block_number(fold, number)->left == 0)
        number++;
    if (number == fold->begun) {
        *from = number * fold->size;
        *to = job->in.count;
        return;
    }
    struct block *block = block_number(fold, number);
    *to = block_end(job, number);
    *from = *to - block->left;
    block->left = 0;
    fold->paused -= !block->outstanding;
}

/* ---- What comes back ---- */

/* What an accumulator in the host counts against the budget: as much as on the board, where there
 * are two copies of it. So a slow block holds back as many blocks, whether they run or wait. */
static uint64_t weight(const struct pool_future *job)
{
    return 2 * (uint64_t)job->out.size;
}

/* Makes this the accumulator of the block. Returns 0 or -ENOMEM. */
static int keep(struct pool_future *job, struct block *block, const void *accumulator)
{
    if (!block->accumulator) {
        block->accumulator = malloc(job->out.size);
        if (!block->accumulator)
            return -ENOMEM;
        job->pool->bytes += weight(job);
    }
    memcpy(block->accumulator, accumulator, job->out.size);
    return 0;
}

void pool__fold_carried(struct pool_future *job, uint64_t item, const void *accumulator, bool good)
{
    struct pool__fold *fold = job->fold;
    struct block *block = block_number(fold, item / fold->size);
    block->outstanding = false;
    fold->paused += block->left > 0;
    if (good && job->status == 0)
        job->status = accumulator ? keep(job, block, accumulator) : -EBADMSG;
}

/* Merges this accumulator into the sum, or makes it the sum if it is the first. Returns 0, or what
 * the user's function returned; a positive number is made negative. */
static int merge_one(struct pool__fold *fold, void *accumulator)
{
    int code = 0;
    errno = 0;
    if (fold->sum) {
        code = fold->merge(fold->sum, accumulator);
        free(accumulator);
    } else {
        fold->sum = accumulator;
    }
    return code < 0 ? code : -code;
}

bool pool__fold_merge(struct pool_future *job)
{
    struct pool__fold *fold = job->fold;
    bool failed = false;
    while (fold->merged < fold->begun) {
        const struct block *block = block_number(fold, fold->merged);
        void *accumulator = block->accumulator;
        if (block->outstanding || block->left > 0)
            break;
        fold->merged++;
        if (!accumulator)
            continue;
        job->pool->bytes -= weight(job);
        if (job->status == 0) {
            job->status = merge_one(fold, accumulator);
            failed |= job->status < 0;
        } else {
            free(accumulator);
        }
    }
    return failed;
}

void pool__fold_end(struct pool_future *job)
{
    pool__fold_merge(job);
    if (job->status == 0 && job->fold->sum)
        memcpy(job->out.data, job->fold->sum, job->out.size);
    free(job->fold->sum);
    free(job->fold);
    job->fold = NULL;
}
