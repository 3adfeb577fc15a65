/* The members of a pool: the host's account of its worker processes, by number. With the lock held. */
#ifndef POOL_HOST_PROCESS_MEMBERS_H
#define POOL_HOST_PROCESS_MEMBERS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "procpool.h"

struct pool__member {
    pid_t pid; /* 0: being replaced */
    uint32_t life;
    uint32_t holds; /* the latest chunk that the audit saw this worker run, and that chunk's word */
    uint64_t held;
};

/* How a worker died. */
struct pool__death {
    int worker;
    uint32_t life;
    pid_t pid;
    int status;
    bool ready;             /* the worker had got through its start */
    bool by_us;             /* the pool is being terminated */
    bool faulted, overflow; /* the crash report: see common/control.h */
    uint64_t address;
};

/* Makes places for `*wanted` workers, or for as many as the pool may have: then lowers `*wanted`. False
 * when there is no memory. */
bool pool__members_grow(pool_t *pool, int *wanted);

/* A worker has died. */
void pool__member_died(pool_t *pool, const struct pool__death *death);

/* Whether every worker has got through its start. */
bool pool__members_ready(const pool_t *pool);

/* Writes into pool->why how a worker failed to start: what its initializer said, or how it died. */
void pool__describe_start_failure(pool_t *pool, const struct pool__death *death);

#endif
