/* Chunks that overtake others: those of calls of a higher priority, and the first of a small call
 * beside large ones. With the lock held. */
#ifndef POOL_HOST_TRANSPORT_BOARD_EXPRESS_H
#define POOL_HOST_TRANSPORT_BOARD_EXPRESS_H

#include "host/transport/board/account.h"
#include "procpool.h"

/* The ring for the job's next chunk: the last one whose chunks, queued or running, are not all of a
 * lower priority. If
 * large calls of the same priority have many chunks in it and the job has none, it is the one before
 * that, when it is the job's turn. */
unsigned pool__ring_for(const pool_t *pool, const struct pool_future *job);

/* Accounts for a chunk of the job that is about to be queued for the first time, in this ring. */
void pool__note_queued(pool_t *pool, const struct pool_future *job, unsigned ring);

/* Accounts for a chunk that a worker has committed, whole or in part. */
void pool__note_committed(pool_t *pool, const struct pool__chunk *chunk);

/* Has workers that run a long chunk commit what they have done of it, as many as there are chunks
 * that overtake and no idle worker to run them. The rest of the long chunk is queued again, behind
 * the others of its rank. */
void pool__cut_long(pool_t *pool);

#endif
