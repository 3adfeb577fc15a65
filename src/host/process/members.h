/* The members of a pool: the host's account of its worker processes, by worker number. The account
 * follows what the supervisor reports, so it may be a little behind. With the lock held. */
#ifndef POOL_HOST_PROCESS_MEMBERS_H
#define POOL_HOST_PROCESS_MEMBERS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "procpool.h"

struct pool__member {
    pid_t pid;      /* 0: there is no such process now; it is being replaced, or has left */
    uint32_t life;  /* the latest life that the supervisor has reported */
    uint64_t seen;  /* a time when `pid` was that life's: nanoseconds of CLOCK_BOOTTIME */
    uint32_t holds; /* the latest chunk that the audit saw this worker run */
    uint64_t held;  /* that chunk's word at the time */
};

/* How a worker died. */
struct pool__death {
    int worker;
    uint32_t life;
    pid_t pid;
    int status;             /* as from waitpid() */
    bool ready;             /* the worker had got through its start */
    bool by_us;             /* the pool was being terminated */
    bool faulted, overflow; /* the crash report, with `address`: see common/control.h */
    uint64_t address;
};

/* Makes the account large enough for `*wanted` workers. If the pool may not have so many, lowers
 * `*wanted` to as many as it may have. False when there is no memory. */
bool pool__members_grow(pool_t *pool, int *wanted);

/* Records that a worker has died; if it died in its start, also how (pool->why). */
void pool__member_died(pool_t *pool, const struct pool__death *death);

/* Whether each worker number has had a worker that got through its start. */
bool pool__members_ready(const pool_t *pool);

/* Writes to pool->why how a worker failed to start: what its initializer reported, or else how the
 * worker died. */
void pool__describe_start_failure(pool_t *pool, const struct pool__death *death);

#endif
