/* How do I change something in all workers at once?
 *
 * By pool_broadcast(): it runs a function once in every worker. A worker that starts later, as a
 * replacement does, has not run it. So the initializer has to do the same: it takes the present
 * value from memory that is shared with the host. A global of the host does not do, since a new
 * worker sees it as it was in pool_create(). */
#define _GNU_SOURCE
#include <procpool.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "recipes/expect.h"

enum { WORKERS = 4 };

static _Atomic int *present; /* shared: mapped before the pool is made */
static int level;            /* a setting; each process has its own */

static int set_level(const void *item, void *result, pool_task_t *task)
{
    (void)task;
    level = *(const int *)item;
    *(int *)result = level;
    return 0;
}

static int start_worker(void *initargs, void **state, pool_task_t *task)
{
    (void)initargs, (void)state, (void)task;
    level = atomic_load(present);
    return 0;
}

static int get_level(const void *item, void *result, pool_task_t *task)
{
    (void)item, (void)task;
    *(int *)result = level;
    return 0;
}

/* Sets the level everywhere: for later workers first, then for those that are there. */
static void set_everywhere(pool_t *pool, int to)
{
    int answers[WORKERS];
    atomic_store(present, to);
    EXPECT(pool_broadcast(pool, set_level, POOL_IN(&to, 1), POOL_OUT(answers)) == 0);
}

static bool all_have(pool_t *pool, int wanted)
{
    int levels[WORKERS], right = 0, count = pool_processes(pool);
    EXPECT(pool_broadcast(pool, get_level, POOL_RANGE(1), POOL_OUT(levels)) == 0);
    for (int w = 0; w < count; w++)
        right += levels[w] == wanted;
    return right == count;
}

int main(void)
{
    const pool_options_t options = {.processes = WORKERS / 2, .initializer = start_worker};
    pool_t *pool;
    present =
        mmap(NULL, sizeof *present, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    EXPECT(present != MAP_FAILED);
    EXPECT(pool_create(&pool, &options) == 0);
    set_everywhere(pool, 5);
    EXPECT(level == 0); /* the host ran nothing of this */
    EXPECT(all_have(pool, 5));
    EXPECT(pool_resize(pool, WORKERS) == 0);
    EXPECT(pool_processes(pool) == WORKERS && all_have(pool, 5)); /* the new workers, too */
    set_everywhere(pool, 6);
    EXPECT(all_have(pool, 6));
    printf("%d workers have the level 6\n", pool_processes(pool));
    pool_free(pool);
    munmap((void *)present, sizeof *present);
    return 0;
}
