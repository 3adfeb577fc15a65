/* Runs in the host: the inline worker, which works for a serial pool and has no process. It claims,
 * runs and commits on the board like any worker. It never ends the process and wakes no process,
 * since the thread that runs it looks at the board next. The host never takes a chunk from it. */
#include <errno.h>
#include <stdlib.h>

#include "common/chunk.h"
#include "common/roles.h"
#include "worker/port/port.h"
#include "worker/run.h"
#include "worker/self.h"
#include "worker/start.h"

/* Has the host look at the chunk the next time it looks at the board. */
static void announce(struct worker *worker, uint32_t chunk)
{
    atomic_fetch_or(&worker->writable->done[chunk / 64], (uint64_t)1 << chunk % 64);
    atomic_fetch_add(&worker->writable->commits, 1);
}

/* Does not wait: the host has answered when `serve` returns. */
static void hand_over(struct worker *worker, uint32_t chunk, uint32_t generation, uint64_t wanted)
{
    struct pool__cell *cell = &worker->writable->cells[chunk];
    const uint64_t mine = pool__word(POOL__FULL, worker->number, worker->life, generation);
    atomic_store(&cell->stream.wanted, wanted);
    if (!pool__move(&cell->state, POOL__RUNNING, POOL__FULL, mine))
        return;
    announce(worker, chunk);
    worker->serve(worker->context);
}

struct worker *pool__inline_open(const struct pool__launch *launch, void (*serve)(void *context),
                                 void *context)
{
    struct worker *worker = calloc(1, sizeof *worker);
    if (!worker)
        return NULL;
    pool__worker_init(worker, launch, 0, 1);
    worker->hand_over = hand_over;
    worker->serve = serve;
    worker->context = context;
    return worker;
}

bool pool__inline_start(struct worker *worker)
{
    return pool__initialize(worker) == 0;
}

bool pool__inline_run(struct worker *worker)
{
    uint32_t chunk, generation;
    if (!pool__claim_next(worker, &chunk, &generation))
        return false;
    pool__run_chunk(worker, chunk, generation);
    pool__commit(&worker->writable->cells[chunk].state, generation, worker->number, worker->life);
    announce(worker, chunk);
    return true;
}

void pool__inline_leave(struct worker *worker)
{
    pool_finalizer_t finalizer = worker->launch->options.finalizer;
    errno = 0;
    if (finalizer)
        finalizer(worker->task.state);
}

void pool__inline_close(struct worker *worker)
{
    if (!worker)
        return;
    pool__scratch_fini(&worker->task.scratch);
    free(worker);
}
