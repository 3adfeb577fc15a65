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

/* What a chunk takes of the budget. */
uint64_t pool__chunk_bytes(const struct pool__chunk *chunk);

/* Finds room for `bytes` of results instead of what the chunk has. False when there is none. */
bool pool__make_room(pool_t *pool, struct pool__chunk *chunk, uint64_t bytes);

/* ---- chunks.c ---- */

/* Takes a free number for a chunk; false when all are in use. Gives it back. */
bool pool__take_number(pool_t *pool, uint32_t *number);
void pool__give_number(pool_t *pool, uint32_t number);

/* Puts the chunk, as its account has it, into the ring under a new generation. */
void pool__publish(pool_t *pool, uint32_t number);

/* ---- sink.c ---- */

/* Takes results and notes of the chunk's items up to the first `ended`, where worker and process
 * have written them. */
void pool__take(pool_t *pool, uint32_t number, uint64_t ended, int worker, pid_t pid);

/* Ends the chunk's items from the next to be taken up to the first `ended` with this error; its
 * index is filled in. */
void pool__fail_items(struct pool__chunk *chunk, uint64_t ended, pool_error_t error);

/* Ends the job's items with these indices as lost. */
void pool__lose_items(pool_t *pool, struct pool_future *job, uint64_t from, uint64_t to);

/* What becomes of an item for a worker that there is not to be any more. */
extern const pool_error_t pool__undelivered;

/* Ends one item of the job with this error. */
void pool__item_failed(struct pool_future *job, const pool_error_t *error);

/* ---- calls.c ---- */

/* A call as it was made. */
struct pool__call {
    pool_function_t function;
    pool_in_t in;
    pool_out_t out;
    const pool_map_options_t *options;
    bool broadcast;
};

int pool__check_options(const struct pool__call *call);

/* Makes a job of a checked call. */
void pool__prepare(pool_t *pool, struct pool_future *job, const struct pool__call *call);

/* ---- iterator.c ---- */

/* Where the result of this item goes. */
void *pool__element(const struct pool_future *job, uint64_t index);

/* The item has ended, well or with an error; nothing to do for a job without a window. */
void pool__window_mark(struct pool_future *job, uint64_t index, const pool_error_t *error);

/* How many more items may be given out now, ahead of who takes their results. */
size_t pool__window_room(const struct pool_future *job);

void pool__window_free(struct pool_future *job);

/* Frees what a value in the host owns. */
void pool__release_value(const pool_type_t *type, void *value);

#endif
