/* The states of a chunk, as one 64-bit word. Pure: no system call.
 *
 *   FREE ---host---> QUEUED ---worker, claim---> RUNNING ---worker, commit---> DONE ---host---> FREE
 *                       \                         \    ^
 *                        \          worker, hand over  | host, serve
 *                         \                         v   |
 *                          \                        FULL
 *                           `------- host, settle ---`----> FREE, or QUEUED again (new generation)
 *
 * FULL: the owner has a result for which there is no room. It waits for the host to take the
 * results before it and to give more room if that is needed.
 *
 * Besides the state the word holds
 *
 * - the owner: the worker number and the life. Lives count the workers that have had that number,
 *   from 1; the word keeps the lower 16 bits.
 * - the generation: how often this chunk's cell has been queued.
 *
 * A ticket names a chunk and a generation. A ticket whose generation is not that of the word is
 * stale, and is dropped. Every change that two processes could make is one compare-and-swap of the
 * whole word, so exactly one of them makes it.
 */
#ifndef POOL_COMMON_CHUNK_H
#define POOL_COMMON_CHUNK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum pool__state { POOL__FREE, POOL__QUEUED, POOL__RUNNING, POOL__FULL, POOL__DONE };

static inline uint64_t pool__word(enum pool__state state, int worker, uint32_t life,
                                  uint32_t generation)
{
    return (uint64_t)state << 60 | ((uint64_t)worker & 0xfff) << 48 |
           ((uint64_t)life & 0xffff) << 32 | generation;
}

static inline enum pool__state pool__word_state(uint64_t word)
{
    return (enum pool__state)(word >> 60);
}

static inline uint32_t pool__word_generation(uint64_t word)
{
    return (uint32_t)word;
}

static inline int pool__word_worker(uint64_t word)
{
    return (int)(word >> 48 & 0xfff);
}

static inline uint16_t pool__word_life(uint64_t word)
{
    return (uint16_t)(word >> 32);
}

/* Whether the word says that this life of this worker owns the chunk. */
static inline bool pool__word_owned(uint64_t word, int worker, uint32_t life)
{
    return (word & 0x0fffffff00000000) == pool__word(POOL__FREE, worker, life, 0);
}

static inline uint64_t pool__ticket(uint32_t chunk, uint32_t generation)
{
    return (uint64_t)generation << 32 | chunk;
}

static inline uint32_t pool__ticket_chunk(uint64_t ticket)
{
    return (uint32_t)ticket;
}

static inline uint32_t pool__ticket_generation(uint64_t ticket)
{
    return (uint32_t)(ticket >> 32);
}

/* QUEUED -> RUNNING for this worker. False when the ticket was stale, or another process has
 * changed the word first. */
static inline bool pool__claim(_Atomic uint64_t *state, uint32_t generation, int worker,
                               uint32_t life)
{
    uint64_t queued = pool__word(POOL__QUEUED, 0, 0, generation);
    if (atomic_load_explicit(state, memory_order_relaxed) != queued)
        return false;
    return atomic_compare_exchange_strong(state, &queued,
                                          pool__word(POOL__RUNNING, worker, life, generation));
}

/* From state `from` to state `to`, with the owner and the generation of `owned`. The owner does it,
 * or the host on the owner's behalf. False when the host has taken the chunk from the owner. */
static inline bool pool__move(_Atomic uint64_t *state, enum pool__state from, enum pool__state to,
                              uint64_t owned)
{
    const uint64_t same = owned & ~((uint64_t)0xf << 60);
    uint64_t expected = same | (uint64_t)from << 60;
    return atomic_compare_exchange_strong(state, &expected, same | (uint64_t)to << 60);
}

/* RUNNING -> DONE for this worker. False when the host has taken the chunk from it. */
static inline bool pool__commit(_Atomic uint64_t *state, uint32_t generation, int worker,
                                uint32_t life)
{
    return pool__move(state, POOL__RUNNING, POOL__DONE,
                      pool__word(POOL__RUNNING, worker, life, generation));
}

#endif
