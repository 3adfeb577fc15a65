/* Pools within pools: how deep they are, and how many processes they may have.
 *
 * A pool whose tasks make pools gives each of its workers an equal share of its `nested_processes`.
 * A share is accounted for in the one process that uses it. So nothing is lost with a worker that
 * dies: its replacement starts with the whole share, and the processes of the dead worker's pools
 * end with it.
 *
 * Making a pool takes two parts from the share of the process that makes it: `own`, for the pool's
 * workers and its supervisor, and `nested`, for the pools of its tasks. Both go back when the pool
 * is freed. A pool that grows takes more for `own`; its new workers have no share. A worker counts
 * as two processes where its successor starts before it leaves.
 *
 * The bound: a pool and the pools within it have at most own + nested processes. Each of the n
 * workers that the pool was made with, its successors included, has nested / n, rounded down. The
 * pools that a worker makes together never take more than that, and by induction over the depth
 * what they take bounds their processes. So the pools of all n workers have at most nested
 * processes. A pool made outside of any share takes what it asks for: it is the outermost, and the
 * whole tree has at most processes + 1 + nested_processes. Processes that are about to end are not
 * counted: those of a dead worker's pools, and the process in between while a supervisor is forked.
 *
 * A serial pool has no processes: `own` is 0, and its tasks, which run in the process that made the
 * pool, use `nested`. */
#ifndef POOL_COMMON_NESTING_H
#define POOL_COMMON_NESTING_H

#include <stdatomic.h>

struct pool__share {
    struct pool__share *from; /* the share that this one was taken from; NULL: none */
    int depth;         /* how many pools its user is within: 1 in the tasks of an outermost pool */
    _Atomic int taken; /* processes taken from `from` */
    int each;          /* how many processes a worker counts as: 1, or 2 with successors */
    _Atomic int left;  /* processes that pools may still take from this share */
    _Atomic int users; /* the pool or process that has it, and the shares taken from it */
};

/* Makes the share of a new pool, taken from `from`; NULL: there is no bound. The pool wants
 * `*workers` workers, of which each counts as `each` processes (0 workers: it is serial), and
 * `*nested` processes for the pools of its tasks. Lowers both numbers to what there is. NULL: no
 * memory. */
struct pool__share *pool__share_take(struct pool__share *from, int each, int *workers, int *nested);

/* Takes processes for `workers` more workers, or as many as there are. Returns for how many workers
 * it took them. */
int pool__share_grow(struct pool__share *share, int workers);

/* Ends one use of the share. With the last use, what was taken goes back and the share is freed.
 * NULL is allowed. */
void pool__share_release(struct pool__share *share);

/* The share of this process. NULL in a process that is no worker; an empty share in a process that
 * a worker forked. */
struct pool__share *pool__share_of_process(void);

/* Gives this process its share of `processes` processes. Worker only, at its start. */
void pool__share_enter(int depth, int processes);

#endif
