/* Between the files that move chunks: filling them (fill.c), their life (chunks.c), and taking
 * results from them (sink.c). */
#ifndef POOL_HOST_FILL_H
#define POOL_HOST_FILL_H

#include "host/pool.h"

/* ---- fill.c ---- */

/* Puts items of the jobs into chunks and publishes them, as many as is good for now. */

/* Moves the chunk's account behind its next `count` items. */

/* What a chunk may hold of items, and of results, so that those that are given out in any case, one for
 * each worker and one more, are within the budget. */

/* Finds room on the board for items of the chunk and writes them; counts those that fit in
 * chunk->count. Items are not taken from their source unless all is well. Returns 0, -ENOBUFS: there is
 * no room now; or what pool__unpackable() knows of the first item. */

/* What a chunk takes of the budget. */

/* Finds room for `bytes` of results instead of what the chunk has. False when there is none. */

/* ---- chunks.c ---- */

/* Takes a free number for a chunk; false when all are in use. Gives it back. */

/* Puts the chunk, as its account has it, into the ring under a new generation; ends it if no item is
 * left. */

/* How many items of the chunk have ended, by the owner's account, and whether one runs. False when
 * that account makes no sense. */

/* ---- sink.c ---- */

/* Takes results and failure records of the chunk's items up to the first `ended`, where worker and process
 * have written them. */

/* Ends the chunk's items from the next to be taken up to the first `ended` with this error; its
 * index is filled in. */

/* Ends the job's items with these indices as lost. */

/* Ends one item of the job with this error; those from one index to before another, all for one reason:
 * what is beyond POOL_ERRORS_MAX then is counted, not kept. */

/* ---- calls.c ---- */

/* Makes a job of a checked call. Returns 0 or -ENOMEM. */

#endif
