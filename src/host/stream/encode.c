/* Runs in the host; functions of the user's first in a copy of it. */
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

/* Packs item `index` to `to`, where `room` bytes are. Returns 0, an error, POOL__NO_ROOM, POOL__NO_MORE or
 * POOL__NO_ITEM. `*used` is what it takes or needs. */
static int pack_item(struct pool_future *job, uint64_t index, unsigned char *to, uint64_t room,
                     uint64_t *used)
{
    struct pool__entry entry = {.index = index};
    struct pool_writer writer = {.base = to + sizeof entry,
                                 .room = room > sizeof entry ? room - sizeof entry : 0};
    const void *item = pool__source_item(job, index);
    if (!item)
        return job->next_item ? POOL__NO_MORE : POOL__NO_ITEM;
    int error = pool__pack(&writer, job->item_type, job->in.size, item);
    if (error)
        return error;
    if (writer.used > (uint64_t)INT64_MAX)
        return -EOVERFLOW;
    entry.size = writer.used;
    *used = pool__entry_stride(entry.size);
    if (*used > room)
        return POOL__NO_ROOM;
    memcpy(to, &entry, sizeof entry);
    job->is_staged = false;
    return 0;
}

/* A run of items to be packed, and where to. */
struct packing {
    struct pool_future *job;
    uint64_t first, count;
    unsigned char *to;
    uint64_t room;
    struct pool__dry_run *result;
};

/* Packs as many as fit and can be packed. Runs in the host, or in a copy of it. */
static void pack_items(void *argument)
{
    const struct packing *packing = argument;
    struct pool__dry_run *result = packing->result;
    uint64_t used = 0;
    while (result->passed < packing->count) {
        result->code = pack_item(packing->job, packing->first + result->passed,
                                 packing->to + result->bytes, packing->room - result->bytes, &used);
        result->needed = used;
        if (result->code)
            return;
        result->bytes += used;
        result->passed++;
    }
}

int pool__encode(struct pool_future *job, uint64_t first, uint64_t count, unsigned char *to,
                 uint64_t room, struct pool__dry_run *result)
{
    pool_t *pool = job->pool;
    struct packing packing = {job, first, count, to, room, result};
    int error = 0;
    *result = (struct pool__dry_run){0};
    if (job->custom_items) {
        pool__source_item(job, first); /* the source is asked here, not in the copy */
        packing.result = &pool->board->dry_run;
        error = pool__run_dry(&pool->board->dry_run, pack_items, &packing, &pool->dry_run_status);
        *result = pool->board->dry_run;
        if (result->passed > 0)
            job->is_staged = false;
    } else {
        pack_items(&packing);
    }
    if (error < 0 || result->passed > 0)
        return error < 0 ? error : 0;
    return error ? POOL__DIED_PACKING : result->code;
}

pool_error_t pool__unpackable(const pool_t *pool, int code)
{
    pool_error_t error = {.kind = POOL_FAILED, .code = code, .worker = -1};
    if (code == POOL__DIED_PACKING)
        error = pool__death_error(pool->dry_run_status);
    error.message = "the item could not be packed";
    if (code == POOL__NO_ITEM) {
        error.code = -EFAULT;
        error.message = "the pointer to the item is NULL";
    }
    return error;
}
