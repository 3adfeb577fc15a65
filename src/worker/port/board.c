/* Runs in a worker: claims chunks on the board, commits them, and hands their results over. */
#include <unistd.h>

#include "common/chunk.h"
#include "common/futex.h"
#include "worker/bell.h"
#include "worker/port/port.h"

enum { SECOND = 1000 };

/* Advances `head` unless another process has changed it. */
static void raise_head(_Atomic uint64_t *head, uint64_t from, uint64_t to)
{
    if (to != from)
        atomic_compare_exchange_strong(head, &from, to);
}

/* Claims the chunk of this ticket. False when the ticket is stale or another worker was first. */
static bool claim_ticket(struct worker *worker, uint64_t ticket, uint32_t *chunk,
                         uint32_t *generation)
{
    *chunk = pool__ticket_chunk(ticket);
    *generation = pool__ticket_generation(ticket);
    return pool__claim(&worker->writable->cells[*chunk].state, *generation, worker->number,
                       worker->life);
}

/* Claims the oldest chunk in this ring. The head is a hint, and any worker may have overwritten it. A
 * value that is impossible is replaced by the position of the oldest ticket that the ring can hold. */
static inline bool claim_from(struct worker *worker, unsigned ring, uint32_t *chunk,
                              uint32_t *generation)
{
    struct pool__board *board = worker->board;
    _Atomic uint64_t *place = &worker->writable->heads[ring];
    uint64_t hint = atomic_load(place), tail = atomic_load(&board->tails[ring]);
    uint64_t head = hint;
    if (head > tail || tail - head > POOL__CHUNKS)
        head = tail > POOL__CHUNKS ? tail - POOL__CHUNKS : 0;
    for (; head < tail; head++) {
        uint64_t ticket =
            atomic_load_explicit(&board->rings[ring][head % POOL__CHUNKS], memory_order_acquire);
        if (claim_ticket(worker, ticket, chunk, generation)) {
            raise_head(place, hint, head + 1);
            return true;
        }
    }
    raise_head(place, hint, head);
    return false;
}

/* Claims the oldest chunk in the first ring that has one, but for the common ring. */
static bool claim_express(struct worker *worker, uint32_t *chunk, uint32_t *generation)
{
    uint64_t express = atomic_load(&worker->board->express);
    if (express == worker->express_seen)
        return false;
    for (unsigned ring = 0; ring < POOL__COMMON; ring++)
        if (claim_from(worker, ring, chunk, generation))
            return true;
    worker->express_seen = express;
    return false;
}

bool pool__claim_next(struct worker *worker, uint32_t *chunk, uint32_t *generation)
{
    uint64_t own = atomic_load(&worker->board->mailboxes[worker->number]);
    bool claimed = (own && claim_ticket(worker, own, chunk, generation)) ||
                   claim_express(worker, chunk, generation) ||
                   claim_from(worker, POOL__COMMON, chunk, generation);
    if (claimed)
        atomic_store_explicit(&worker->slot->claimed, *chunk, memory_order_relaxed);
    return claimed;
}

/* Has the host look at the chunk. `now`: wakes the host even if it waits for more. */
static void announce(struct worker *worker, uint32_t chunk, bool now)
{
    atomic_fetch_or(&worker->writable->done[chunk / 64], (uint64_t)1 << chunk % 64);
    atomic_fetch_add(&worker->writable->commits, 1);
    worker->commits_reported = false;
    pool__wake_host(worker, now);
}

void pool__commit_chunk(struct worker *worker, uint32_t chunk, uint32_t generation)
{
    _Atomic uint64_t *state = &worker->writable->cells[chunk].state;
    /* False: the host has taken the chunk, and will kill this worker, which must claim no more. */
    if (!pool__commit(state, generation, worker->number, worker->life))
        _exit(POOL__EXIT_SETTLED);
    bool failed = atomic_load(&worker->writable->cells[chunk].failures) > 0;
    announce(worker, chunk, failed && worker->board->orders[chunk].urgent);
}

void pool__hand_over(struct worker *worker, uint32_t chunk, uint32_t generation, uint64_t wanted)
{
    struct pool__cell *cell = &worker->writable->cells[chunk];
    const uint64_t mine = pool__word(POOL__FULL, worker->number, worker->life, generation);
    uint32_t answered = atomic_load(&cell->answered);
    atomic_store(&cell->stream.wanted, wanted);
    if (!pool__move(&cell->state, POOL__RUNNING, POOL__FULL, mine))
        _exit(POOL__EXIT_SETTLED);
    announce(worker, chunk, true);
    while (atomic_load(&cell->state) == mine) {
        pool__futex_wait(&cell->answered, answered, SECOND);
        if (!pool__supervised(worker))
            _exit(POOL__EXIT_SETTLED);
        answered = atomic_load(&cell->answered);
    }
    if (atomic_load(&cell->state) !=
        pool__word(POOL__RUNNING, worker->number, worker->life, generation))
        _exit(POOL__EXIT_SETTLED);
}
