/* The worker: its number, its life, its slot, its supervisor, and whether it should go on. The
 * lowest header of src/worker but for task.h and scratch.h, which know nothing of the worker. */
#ifndef POOL_WORKER_SELF_H
#define POOL_WORKER_SELF_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/board.h"
#include "common/roles.h"
#include "common/spin.h"
#include "worker/task.h"

/* Exit statuses of a worker that cannot go on. */
enum {
    POOL__EXIT_SETTLED = 123,   /* the host has taken the chunk from it */
    POOL__EXIT_BELL_LOST = 124, /* it cannot wake the host, or its supervisor has ended */
    POOL__EXIT_NO_START = 125   /* it could not get through its start */
};

/* A pipe that wakes the host. Device and inode tell whether the descriptor is still that pipe: a
 * task may close it, and open a file of its own under the same number. */
struct bell {
    int descriptor;
    dev_t device;
    ino_t inode;
};

/* How long the worker may work: see limits.h. */
struct pool__limits {
    bool any;          /* the options set a limit */
    bool over;         /* a limit is reached: the worker leaves */
    bool asked;        /* it has asked for a successor */
    size_t items;      /* that have ended */
    uint64_t start;    /* nanoseconds that the worker's start took */
    uint64_t busy;     /* nanoseconds that it has worked, up to `seen` */
    uint64_t seen;     /* when the current chunk began, or its latest item ended */
    uint64_t measured; /* when its memory was last measured */
};

/* The worker of this process, or an inline worker. In the worker's own memory: no other process
 * reads or writes it. */
struct worker {
    const struct pool__launch *launch;
    struct pool__board *board;
    struct pool__writable *writable;
    struct pool__slot *slot;
    int number;
    uint64_t express_seen; /* `express` on the board, when the rings that it counts were empty */
    uint32_t life;
    int supervisor;
    struct bell host_bell;
    struct pool__spin spin; /* the worker's wait for work */
    bool commits_reported;  /* the host has been woken since the last commit, or was awake */
    uint64_t idle_since;    /* when the worker first slept since its last chunk; 0: it has not */
    struct pool__limits limits;
    struct pool_task task;
    /* Gives the host the results of the chunk so far, and returns when the host has taken them and
     * made what room it can. `wanted`: bytes that the next result needs. */
    void (*hand_over)(struct worker *worker, uint32_t chunk, uint32_t generation, uint64_t wanted);
    /* Inline worker only: has the host look at the board. */
    void (*serve)(void *context);
    void *context;
};

/* Makes `worker`, which is zeroed, worker number `number` in its `life`-th life. */
void pool__worker_init(struct worker *worker, const struct pool__launch *launch, int number,
                       uint32_t life);

/* Whether the pool has become too small for this worker: then it leaves. */
static inline bool pool__superfluous(const struct worker *worker)
{
    return worker->number >= atomic_load(&worker->board->processes);
}

/* Whether a worker that finds no work should leave: the pool is closing, or the worker has found
 * none for idle_timeout. Then it is not needed until there is work. */
bool pool__dismissed(const struct worker *worker);

/* Whether the worker's supervisor lives. The kernel kills a worker when its supervisor ends, unless
 * a task has changed that. */
bool pool__supervised(const struct worker *worker);

#endif
