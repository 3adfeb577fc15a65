/* Pools within pools: how deep they are, and how many processes they may have.
 *
 * A pool whose tasks make pools gives each of its workers an equal share of its `nested_processes`. A
 * share is accounted for in the one process that uses it, so nothing is lost with a worker that dies:
 * its replacement starts with the whole of it, and what the dead one's pools had ends with it.
 *
 * Making a pool takes two parts from the share it is made with: `own`, its workers and supervisor, and
 * `nested`, for the pools of its tasks. Both go back when it is freed. A pool that grows takes more for
 * its own; its new workers have no share. Where workers have successors that start before they leave,
 * each counts as two.
 *
 * The bound: all processes of a pool and of the pools within it are at most own + nested. For each of
 * the n workers that it was made with, successors included, has nested / n, rounded down, and the pools
 * a worker makes together never take more than that, which bounds their processes, by induction over
 * the depth. So they have at most nested in all. A pool that is in no share takes what it asks for: it
 * is the outermost, and the whole tree has at most processes + 1 + nested_processes. (Not counted:
 * processes that are about to end, those of a dead worker's pools and those in between while a pool is
 * forked.)
 *
 * A serial pool has no process: own is 0, and its tasks use a share of `nested` in their own process. */
#ifndef POOL_COMMON_NESTING_H
#define POOL_COMMON_NESTING_H

#include <stdatomic.h>

struct pool__share {
    struct pool__share *from; /* NULL: from none */
    int depth;                /* how many workers are above who uses it */
    _Atomic int taken;        /* processes, from there */
    int each;                 /* how many a worker counts as: 1, or with a successor 2 */
    _Atomic int left;
    _Atomic int users; /* its maker, and the shares taken from it */
};

/* Takes a share for a pool with so many workers (0: it is serial), of which each counts as `each`, and
 * so many processes for the pools of its tasks from `from` (NULL: there is no bound), and lowers the two
 * numbers to what there is. NULL: no memory. */
struct pool__share *pool__share_take(struct pool__share *from, int each, int *workers, int *nested);

/* Takes what there is for so many more workers. Returns how many it is enough for. */
int pool__share_grow(struct pool__share *share, int workers);

/* Gives it back, once nobody uses it; NULL is allowed. */
void pool__share_release(struct pool__share *share);

/* The share of this process: NULL in one that is no worker. A copy that a worker forked has an empty
 * one. */
struct pool__share *pool__share_of_process(void);

/* Gives this process its share: worker only, at its start. */
void pool__share_enter(int depth, int processes);

#endif
