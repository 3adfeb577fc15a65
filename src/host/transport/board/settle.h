/* Settles chunks: they are done, full, taken back or corrupt, or their owner has died. With the
 * lock held. */
#ifndef POOL_HOST_TRANSPORT_BOARD_SETTLE_H
#define POOL_HOST_TRANSPORT_BOARD_SETTLE_H

#include <stdbool.h>
#include <stdint.h>

#include "host/process/members.h"
#include "host/transport/board/account.h"
#include "procpool.h"

/* Settles every chunk that has been committed, and serves every chunk that is FULL. Returns whether
 * there was one. */
bool pool__collect(pool_t *pool);

/* The same, whether or not workers have told of commits. */
bool pool__collect_all(pool_t *pool);

/* Ends all outstanding chunks, since all workers are gone: items that have not been committed are
 * lost. Frees the numbers that are awaited or condemned. */
void pool__give_up(pool_t *pool);

/* Settles a chunk that this worker was running: it has committed the chunk (`death` NULL) or it has
 * died in this way. */
void pool__settle(pool_t *pool, uint32_t number, int worker, const struct pool__death *death);

/* Does what the word of a chunk asks for: settles a chunk that is DONE, serves one that is FULL.
 * Returns whether it was one of these. */
bool pool__answer(pool_t *pool, uint32_t number, uint64_t word);

/* Ends a chunk of which the board says something impossible: its items that have no end yet end as
 * corrupt. `abandoned`: no worker writes to its memory any more, so the chunk is released.
 * Otherwise an unknown worker may still write there, so number and memory are not used again until
 * all workers are gone. */
void pool__condemn(pool_t *pool, uint32_t number, bool abandoned);

/* Ends the items of a chunk that have no end yet, as the job was stopped. `running`: the first of
 * them was running. */
void pool__stop_items(struct pool__chunk *chunk, bool running);

/* Whether the word is possible for the chunk as it was last published: QUEUED without an owner, or
 * RUNNING, FULL or DONE with a worker number that the pool has. */
bool pool__word_valid(const pool_t *pool, uint32_t number, uint64_t word);

/* Reads from the board how many items of the chunk have ended, and whether one is running. False
 * when that is impossible. */
bool pool__read_progress(const pool_t *pool, uint32_t number, uint64_t *ended, bool *running);

#endif
