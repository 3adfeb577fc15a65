/* Runs in the host, with the lock held. Owns the account of the members. It reads slots and failure
 * records, which every worker can overwrite: wrong values there may only change a text, or when the
 * pool counts as started. */
#include "host/process/members.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/board.h"
#include "common/failure.h"
#include "common/nesting.h"
#include "host/base/death.h"
#include "host/pool.h"

bool pool__members_grow(pool_t *pool, int *wanted)
{
    int more = *wanted - pool->numbers_given;
    if (more <= 0)
        return true;
    struct pool__member *members = realloc(pool->members, (size_t)*wanted * sizeof *members);
    if (!members)
        return false;
    more = pool->launch.options.serial ? 0 : pool__share_grow(pool->share, more);
    int count = *wanted = pool->numbers_given + more;
    memset(members + pool->numbers_given, 0,
           (size_t)(count - pool->numbers_given) * sizeof *members);
    pool->members = members;
    pool->numbers_given = count;
    return true;
}

void pool__member_died(pool_t *pool, const struct pool__death *death)
{
    struct pool__member *member = &pool->members[death->worker];
    if (member->life <= death->life) {
        member->life = death->life;
        member->pid = 0;
    }
    if (!death->ready && !pool->broken && pool->phase == POOL__RUNNING_PHASE)
        pool__describe_start_failure(pool, death);
}

bool pool__members_ready(const pool_t *pool)
{
    for (int i = 0; i < pool->numbers_given; i++)
        if (atomic_load(&pool__slot(pool->board, i, 0)->ready) == 0 &&
            atomic_load(&pool__slot(pool->board, i, 1)->ready) == 0)
            return false;
    return true;
}

void pool__describe_start_failure(pool_t *pool, const struct pool__death *death)
{
    const struct pool__slot *slot = pool__slot(pool->board, death->worker, death->life);
    const unsigned char *page = pool__worker_failures(pool->board, death->worker, death->life);
    uint32_t used = atomic_load(&slot->failures), at = 0;
    struct pool__failure failure;
    char how[64];
    if (used && pool__failure_read(page, used, &at, &failure)) {
        int length = snprintf(pool->why, sizeof pool->why, "the initializer failed with code %d",
                              failure.code);
        if (failure.file[0])
            snprintf(pool->why + length, sizeof pool->why - (size_t)length, ": %s at %s:%d",
                     failure.message, failure.file, failure.line);
        return;
    }
    pool__describe_status(how, sizeof how, death->status);
    snprintf(pool->why, sizeof pool->why, "worker %d, starting: %s", death->worker, how);
}
