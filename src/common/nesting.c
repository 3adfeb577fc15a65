/* Runs in each worker at its start, and in each process that makes a pool: the program, or a
 * worker. */
#include "common/nesting.h"

#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

#include "procpool.h"

/* The shares of this process. A process that a worker forks has a copy of them, which must not
 * count; so `process` says to which process they belong. */
static struct {
    pid_t process;            /* the worker; 0: this process is no worker, nor a copy of one */
    struct pool__share share; /* of the worker */
    struct pool__share none;  /* of a process that the worker forked: empty */
} here;

void pool__share_enter(int depth, int processes)
{
    here.process = getpid();
    here.share.depth = here.none.depth = depth;
    atomic_store(&here.share.left, processes);
    atomic_store(&here.share.users, 1);
    atomic_store(&here.none.left, 0);
    atomic_store(&here.none.users, 1);
}

struct pool__share *pool__share_of_process(void)
{
    if (here.process == 0)
        return NULL;
    return here.process == getpid() ? &here.share : &here.none;
}

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

/* Takes processes from `from`: first for `*workers` workers and their supervisor, then `*nested`
 * for the pools of their tasks. Lowers both numbers to what there is; without room for a supervisor
 * and one worker, `*workers` becomes 0. Returns how many processes it took. */
static int take(struct pool__share *from, int each, int *workers, int *nested)
{
    int left = atomic_load(&from->left);
    int wanted = from->depth < POOL_DEPTH_MAX ? *workers : 0, own, more;
    do {
        *workers = left > each ? smaller(wanted, (left - 1) / each) : 0;
        own = *workers ? *workers * each + 1 : 0;
        more = smaller(*nested, left - own);
    } while (!atomic_compare_exchange_weak(&from->left, &left, left - own - more));
    *nested = more;
    return own + more;
}

struct pool__share *pool__share_take(struct pool__share *from, int each, int *workers, int *nested)
{
    struct pool__share *share = calloc(1, sizeof *share);
    if (!share)
        return NULL;
    share->from = from;
    share->depth = from ? from->depth + 1 : 1;
    share->each = each;
    share->taken = from ? take(from, each, workers, nested) : 0;
    atomic_store(&share->left, *nested);
    atomic_store(&share->users, 1);
    if (from)
        atomic_fetch_add(&from->users, 1);
    return share;
}

int pool__share_grow(struct pool__share *share, int workers)
{
    struct pool__share *from = share->from;
    if (!from)
        return workers;
    int left = atomic_load(&from->left);
    do
        workers = smaller(workers, left / share->each);
    while (!atomic_compare_exchange_weak(&from->left, &left, left - workers * share->each));
    atomic_fetch_add(&share->taken, workers * share->each);
    return workers;
}

void pool__share_release(struct pool__share *share)
{
    while (share && atomic_fetch_sub(&share->users, 1) == 1) {
        struct pool__share *from = share->from;
        if (from)
            atomic_fetch_add(&from->left, share->taken);
        free(share);
        share = from;
    }
}
