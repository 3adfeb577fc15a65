/* Runs in the host, with the lock held, or in a copy of the host. If the job has `custom_items`,
 * functions of the user's pack the items: these run in a copy of the host alone, and the copy
 * writes the stream to shared memory. The function of a source must not be called in a copy,
 * because the host would not see what it changes. */
#include "host/stream/encode.h"

#include <errno.h>
#include <string.h>

#include "common/board.h"
#include "common/flat.h"
#include "host/base/death.h"
#include "host/base/dryrun.h"
#include "host/job/job.h"
#include "host/job/source.h"
#include "host/pool.h"

/* Packs item `index` to the `room` bytes at `to`, as an entry. `*code` gets the
 * code of a function that failed. `*used` gets the bytes that the entry takes or, with
 * POOL__NO_ROOM, needs. */
static enum pool__placing pack_item(struct pool_future *job, uint64_t index, unsigned char *to,
                                    uint64_t room, uint64_t *used, int *code)
{
    struct pool__entry entry = {.index = index};
    struct pool_writer writer = {.base = to + sizeof entry,
                                 .room = room > sizeof entry ? room - sizeof entry : 0};
    const void *item = pool__source_item(job, index);
    if (!item)
        return pool__source_is_function(job) ? POOL__NO_MORE : POOL__NO_ITEM;
    *code = pool__pack(&writer, job->in.type, job->in.size, item);
    if (*code == 0 && writer.used > (uint64_t)INT64_MAX)
        *code = -EOVERFLOW;
    if (*code)
        return POOL__UNPLACEABLE;
    entry.size = writer.used;
    *used = pool__entry_stride(entry.size);
    if (*used > room)
        return POOL__NO_ROOM;
    memcpy(to, &entry, sizeof entry);
    pool__source_used(job);
    return POOL__PLACED;
}

/* What pack_items() is to do. */
struct packing {
    struct pool_future *job;
    uint64_t first, count;
    unsigned char *to;
    uint64_t room;
    struct pool__dry_run *result;
};

/* Packs items until one does not fit or cannot be packed. Runs in the host, or in a copy of the
 * host. */
static void pack_items(void *argument)
{
    const struct packing *packing = argument;
    struct pool__dry_run *result = packing->result;
    uint64_t used = 0;
    while (result->passed < packing->count) {
        result->placing = (int)pack_item(packing->job, packing->first + result->passed,
                                         packing->to + result->bytes, packing->room - result->bytes,
                                         &used, &result->code);
        result->needed = used;
        if (result->placing != POOL__PLACED)
            return;
        result->bytes += used;
        result->passed++;
    }
}

enum pool__placing pool__encode(struct pool_future *job, uint64_t first, uint64_t count,
                                unsigned char *to, uint64_t room, struct pool__dry_run *result)
{
    pool_t *pool = job->pool;
    struct packing packing = {job, first, count, to, room, result};
    int died = 0, status = 0;
    *result = (struct pool__dry_run){0};
    if (job->custom_items) {
        pool__source_item(job, first); /* has the source's function run here, not in the copy */
        packing.result = &pool->board->dry_run;
        died = pool__run_dry(&pool->board->dry_run, pack_items, &packing, &status);
        *result = pool->board->dry_run;
        if (result->passed > 0)
            pool__source_used(job);
    } else {
        pack_items(&packing);
    }
    if (died < 0)
        return pool__unplaceable(pool, died);
    if (result->passed > 0)
        return POOL__PLACED;
    if (!died && result->placing == POOL__NO_ITEM)
        return pool__no_item(pool);
    if (!died && result->placing != POOL__UNPLACEABLE)
        return (enum pool__placing)result->placing;
    pool__unplaceable(pool, result->code);
    if (died)
        pool->unplaceable = pool__death_error(status);
    pool->unplaceable.message = "the item could not be packed";
    return POOL__UNPLACEABLE;
}

enum pool__placing pool__unplaceable(pool_t *pool, int code)
{
    pool->unplaceable = (pool_error_t){
        .kind = POOL_FAILED, .code = code, .message = "the item could not be packed", .worker = -1};
    return POOL__UNPLACEABLE;
}

enum pool__placing pool__no_item(pool_t *pool)
{
    pool__unplaceable(pool, -EFAULT);
    pool->unplaceable.message = "the pointer to the item is NULL";
    return POOL__UNPLACEABLE;
}
