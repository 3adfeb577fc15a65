/* Runs in the host: the worker without a process, for pools that are serial. It claims, runs and
 * commits as any other, through the board, but never ends the process and has nobody to wake. A chunk
 * of its is never settled over its head. */
#include <stdlib.h>

#include "common/chunk.h"
#include "worker/worker.h"

/* Has the host see the chunk the next time it looks. */
static void announce(struct worker *guest, uint32_t chunk)
{
    atomic_fetch_or(&guest->writable->done[chunk / 64], (uint64_t)1 << chunk % 64);
}

/* The host answers before `serve` returns. */
static void hand_over(struct worker *guest, uint32_t chunk, uint32_t generation, uint64_t wanted)
{
    struct pool__cell *cell = &guest->writable->cells[chunk];
    const uint64_t mine = pool__word(POOL__FULL, guest->number, guest->life, generation);
    atomic_store(&cell->stream.wanted, wanted);
    if (!pool__move(&cell->state, POOL__RUNNING, POOL__FULL, mine))
        return;
    announce(guest, chunk);
    guest->serve(guest->context);
}

struct worker *pool__guest_open(const struct pool__crossing *crossing, void (*serve)(void *context),
                                void *context)
{
    struct worker *guest = calloc(1, sizeof *guest);
    if (!guest)
        return NULL;
    pool__worker_init(guest, crossing, 0, 1);
    guest->hand_over = hand_over;
    guest->serve = serve;
    guest->context = context;
    return guest;
}

bool pool__guest_start(struct worker *guest)
{
    return pool__initialize(guest) == 0;
}

bool pool__guest_run(struct worker *guest)
{
    uint32_t chunk, generation;
    if (!pool__claim_next(guest, &chunk, &generation))
        return false;
    pool__run_chunk(guest, chunk, generation);
    pool__commit(&guest->writable->cells[chunk].state, generation, guest->number, guest->life);
    announce(guest, chunk);
    return true;
}

void pool__guest_leave(struct worker *guest)
{
    pool_finalizer_t finalizer = guest->crossing->options.finalizer;
    if (finalizer)
        finalizer(guest->task.state);
}

void pool__guest_close(struct worker *guest)
{
    if (!guest)
        return;
    pool__scratch_fini(&guest->task.scratch);
    free(guest);
}
