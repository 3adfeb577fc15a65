/* Who this worker is, and whether it should go on. */
#ifndef POOL_WORKER_SELF_H
#define POOL_WORKER_SELF_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/board.h"
#include "common/roles.h"
#include "worker/task.h"

/* How a worker ends that cannot go on. */
enum { POOL__EXIT_SETTLED = 123, POOL__EXIT_BELL_LOST = 124, POOL__EXIT_NO_START = 125 };

/* A doorbell, and which pipe it is: a task may close our descriptors, and open its own under the
 * same numbers. */
struct bell {
    int descriptor;
    dev_t device;
    ino_t inode;
};

/* How long it may work; see limits.c. */
struct pool__limits {
    bool any, over, asked;
    size_t items;      /* done */
    uint64_t start;    /* nanoseconds its start took */
    uint64_t busy;     /* nanoseconds it has worked, up to `seen` */
    uint64_t seen;     /* when the chunk at hand began, or its latest item ended */
    uint64_t measured; /* when its memory was last looked at */
};

struct worker {
    const struct pool__launch *launch;
    struct pool__board *board;
    struct pool__writable *writable;
    struct pool__slot *slot;
    int number;
    uint32_t life;
    int supervisor;
    struct bell host_bell;
    uint64_t patience;     /* nanoseconds a spin may take */
    bool commits_reported; /* the host was told of all that was committed, or woke by itself */
    uint64_t idle_since;   /* when there was nothing to do any more; 0: there is */
    struct pool__limits limits;
    struct pool_task task;
    /* Lets the host take the results of the chunk so far, and returns when it has. `wanted`: how much
     * room the next result needs. */
    void (*hand_over)(struct worker *worker, uint32_t chunk, uint32_t generation, uint64_t wanted);
    /* Of an inline worker alone: has the host look at the board. */
    void (*serve)(void *context);
    void *context;
};

/* Makes it worker number `number`, in its `life`-th life, with nothing done yet. */
void pool__worker_init(struct worker *worker, const struct pool__launch *launch, int number,
                       uint32_t life);

/* Whether the pool has become too small for this worker. */
static inline bool pool__superfluous(const struct worker *worker)
{
    return worker->number >= atomic_load(&worker->board->processes);
}

/* Whether a worker without work is not needed until there is some: the pool is closing, or has had
 * nothing to do for long. */
bool pool__dismissed(const struct worker *worker);

/* Whether its supervisor lives: that would have taken it along, had a task not undone this. */
bool pool__supervised(const struct worker *worker);

#endif
