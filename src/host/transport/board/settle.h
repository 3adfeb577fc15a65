/* Every end of a chunk: done, full, died, corrupt. With the lock held. */
#ifndef POOL_HOST_TRANSPORT_BOARD_SETTLE_H
#define POOL_HOST_TRANSPORT_BOARD_SETTLE_H

#include <stdbool.h>
#include <stdint.h>

#include "host/process/members.h"
#include "host/transport/board/account.h"
#include "procpool.h"

/* Settles every chunk that has been committed, and answers every one that is full. Returns whether there
 * was one. */
bool pool__collect(pool_t *pool);

/* Takes all outstanding chunks back, for the pool is gone: their items are lost. */
void pool__give_up(pool_t *pool);

/* Settles a chunk that its owner has committed, or over which it has died. */
void pool__settle(pool_t *pool, uint32_t number, int worker, const struct pool__death *death);

/* Does what a worker asks for by this word of the chunk. Returns whether it asked. */
bool pool__answer(pool_t *pool, uint32_t number, uint64_t word);

/* Ends a chunk of which the board says something impossible. Unless the owner has done with it
 * (`abandoned`), the unknown owner may still write to its memory, which then is never used again. */
void pool__condemn(pool_t *pool, uint32_t number, bool abandoned);

/* Ends what has no end yet of a chunk whose job has been stopped; `running`: the first of that ran. */
void pool__stop_items(struct pool__chunk *chunk, bool running);

/* Whether the word can be that of the chunk as it was last published: queued and without an owner, or of a
 * worker that can be. */
bool pool__word_valid(const pool_t *pool, uint32_t number, uint64_t word);

/* How many items of the chunk have ended by its owner's account, and whether one runs. False when that
 * account makes no sense. */
bool pool__read_progress(const pool_t *pool, uint32_t number, uint64_t *ended, bool *running);

#endif
