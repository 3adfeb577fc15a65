/* What the files of the worker share. */
#ifndef POOL_WORKER_SELF_H
#define POOL_WORKER_SELF_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/board.h"
#include "common/failure.h"
#include "common/roles.h"

/* A doorbell, and which pipe it is: a task may close our descriptors, and open its own under the
 * same numbers. */
struct bell {
    int descriptor;
    dev_t device;
    ino_t inode;
};

/* Memory that lives as long as an item: blocks, of which the first is kept. */
struct pool__scratch {
    struct pool__block *blocks; /* the latest first */
};

struct pool_task {
    size_t index;
    unsigned attempt;
    int worker;
    void *state;
    uint64_t seed;                     /* of the call */
    const _Atomic uint32_t *cancelled; /* NULL outside of items */
    bool recorded;                     /* pool_fail() was called for this item */
    struct pool__failure failure;
    struct pool__scratch scratch;
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
    struct pool__term {    /* how long it may work; see term.c */
        bool limited, over, asked;
        size_t items;      /* done */
        uint64_t start;    /* nanoseconds its start took */
        uint64_t busy;     /* nanoseconds it has worked, up to `seen` */
        uint64_t seen;     /* when the chunk at hand began, or its latest item ended */
        uint64_t measured; /* when its memory was last looked at */
    } term;
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

/* Runs the initializer, if there is one. Returns 0, or the code it failed with, which is recorded. */
int pool__initialize(struct worker *worker);

/* Claims the chunk for this worker alone, or the oldest queued one; false when there is none. */
bool pool__claim_next(struct worker *worker, uint32_t *chunk, uint32_t *generation);

/* Runs the claimed chunk up to its end, or until its failure records are full, and says in the cell how far
 * it came. */
void pool__run_chunk(struct worker *worker, uint32_t chunk, uint32_t generation);

/* `size` zeroed bytes aligned to 16, or NULL; valid until the reset. */
void *pool__scratch_alloc(struct pool__scratch *scratch, size_t size);
void pool__scratch_reset(struct pool__scratch *scratch);

/* Frees all of it. */
void pool__scratch_fini(struct pool__scratch *scratch);

/* Starts with the item of this index: nothing is recorded yet, and no memory is in use. */
static inline void pool__task_begin(struct pool_task *task, size_t index)
{
    task->index = index;
    task->recorded = false;
    if (task->scratch.blocks)
        pool__scratch_reset(&task->scratch);
}

/* Whether the memory is from pool__scratch_alloc(). */
bool pool__scratch_has(const struct pool__scratch *scratch, const void *memory);

/* The task's failure record, filled in for a function that just returned `code` without pool_fail(). */
const struct pool__failure *pool__task_failure(struct pool_task *task, uint64_t item, int code);

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

/* Its work begins; its start took so many nanoseconds. */
void pool__term_begin(struct worker *worker, uint64_t start);

/* So many more items have ended: returns, and sets term.over, when it is time to leave, and asks for a
 * successor when it soon will be. */
bool pool__term_watch(struct worker *worker, size_t items);

/* Installs the handlers that write the crash report into `slot` and then let the signal kill. */
void pool__crash_watch(struct pool__slot *slot);

/* Waits until there may be a chunk to claim, or a reason to leave. Leaves the process when the
 * supervisor is gone. */
void pool__rest(struct worker *worker);

/* Tells a sleeping host that it has waited for enough; `now`: that it has in any case. */
void pool__wake_host(struct worker *worker, bool now);

/* Remembers which pipe `descriptor` is. */
void pool__bell_init(struct bell *bell, int descriptor);

#endif
