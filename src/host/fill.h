/* Between the files that move chunks: filling them (fill.c), their life (chunks.c), and taking
 * results from them (sink.c). */
#ifndef POOL_HOST_FILL_H
#define POOL_HOST_FILL_H

#include "host/pool.h"

/* ---- fill.c ---- */

/* Puts items of the jobs into chunks and publishes them, as many as is good for now. */
void pool__fill(pool_t *pool);

/* Moves the chunk's account behind its next `count` items. */
void pool__skip_items(pool_t *pool, struct pool__chunk *chunk, uint64_t count);

/* What a chunk may hold of items, and of results, so that those that are given out in any case, one for
 * each worker and one more, are within the budget. */
uint64_t pool__share_of_budget(const pool_t *pool);

/* Finds room on the board for items of the chunk and writes them; counts those that fit in
 * chunk->count. Items are not taken from their source unless all is well. Returns 0, -ENOBUFS: there is
 * no room now; or what pool__unpackable() knows of the first item. */
int pool__place_items(pool_t *pool, struct pool_future *job, uint32_t number);

/* The error of an item that could not be written. */
pool_error_t pool__unpackable(const pool_t *pool, int code);

/* What a chunk takes of the budget. */
uint64_t pool__chunk_bytes(const struct pool__chunk *chunk);

/* Finds room for `bytes` of results instead of what the chunk has. False when there is none. */
bool pool__make_room(pool_t *pool, struct pool__chunk *chunk, uint64_t bytes);

/* ---- chunks.c ---- */

/* Takes a free number for a chunk; false when all are in use. Gives it back. */
bool pool__take_number(pool_t *pool, uint32_t *number);
void pool__give_number(pool_t *pool, uint32_t number);

/* Puts the chunk, as its account has it, into the ring under a new generation; ends it if no item is
 * left. */
void pool__publish(pool_t *pool, uint32_t number);

/* How many items of the chunk have ended, by the owner's account, and whether one runs. False when
 * that account makes no sense. */
bool pool__read_progress(const pool_t *pool, uint32_t number, uint64_t *ended, bool *running);

/* ---- sink.c ---- */

/* Takes results and failure records of the chunk's items up to the first `ended`, where worker and process
 * have written them. */
void pool__take(pool_t *pool, uint32_t number, uint64_t ended, int worker, pid_t pid);

/* Ends the chunk's items from the next to be taken up to the first `ended` with this error; its
 * index is filled in. */
void pool__fail_items(struct pool__chunk *chunk, uint64_t ended, pool_error_t error);

/* Ends the job's items with these indices as lost. */
void pool__lose_items(pool_t *pool, struct pool_future *job, uint64_t from, uint64_t to);

/* What becomes of an item for a worker that there is not to be any more. */
extern const pool_error_t pool__undelivered;

/* Ends one item of the job with this error; those from one index to before another, all for one reason:
 * what is beyond POOL_ERRORS_MAX then is counted, not kept. */
void pool__item_failed(struct pool_future *job, const pool_error_t *error);
void pool__items_failed(struct pool_future *job, uint64_t from, uint64_t to, pool_error_t error);

/* ---- calls.c ---- */

/* Makes a job of a checked call. Returns 0 or -ENOMEM. */

/* ---- fold.c ---- */

/* Makes the job a fold. Returns 0 or -ENOMEM. */
int pool__fold_start(struct pool_future *job, pool_merge_t merge);

/* How many items a block has; how many blocks have been given out and are not merged yet; whether no
 * more should be for now. */
uint64_t pool__fold_block(const struct pool_future *job);
uint64_t pool__fold_ahead(const struct pool_future *job);
bool pool__fold_full(const struct pool_future *job);

/* Finds room for the accumulator of the block that this chunk is, and begins it. False when there is
 * none. */
bool pool__fold_begin(pool_t *pool, struct pool_future *job, uint32_t number);

/* Publishes what is left of a block, with items on the board; parks it if there is no room for them. */
void pool__fold_go_on(pool_t *pool, uint32_t number);

/* So many items of the chunk as it was published have ended: their accumulator is made its first. */
void pool__fold_settle(pool_t *pool, const struct pool__chunk *chunk, uint64_t ended);

/* The block has ended: keeps the accumulator in this memory until it is the next to be merged, or
 * frees it if it is of no use. NULL: there is none. */
void pool__fold_keep(pool_t *pool, const struct pool__chunk *chunk, struct pool__extent *memory);

/* The same for a chunk whose accumulator cannot be trusted. */
void pool__fold_condemn(pool_t *pool, const struct pool__chunk *chunk);

/* The same for one that is taken away from its owner, who may be writing to it. `ended` of its items have
 * been taken; or its progress makes no sense. */
void pool__fold_take_away(pool_t *pool, uint32_t number, uint64_t ended, bool sensible);

/* Goes on with blocks that are parked, and merges those that are next. */
void pool__fold_tend(pool_t *pool);

/* All items have ended: hands the sum over. */
void pool__fold_end(pool_t *pool, struct pool_future *job);

/* ---- iterator.c ---- */

/* Where the result of this item goes. */
void *pool__element(const struct pool_future *job, uint64_t index);

/* The item has ended, well or with an error; nothing to do for a job without a window. */
void pool__window_mark(struct pool_future *job, uint64_t index, const pool_error_t *error);

/* How many more items may be given out now, ahead of who takes their results. */
size_t pool__window_room(const struct pool_future *job);

void pool__window_free(struct pool_future *job);

#endif
