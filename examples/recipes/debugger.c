/* How do I look into a worker with gdb?
 *
 * Often without one: with PROCPOOL_SERIAL=1 in the environment the functions run in the program
 * itself, where gdb stops at breakpoints as ever. To look at a real worker, attach to its process.
 * pool_pids() tells the processes of all workers; a function that waits for the debugger tells its
 * own. Give such a call no `timeout`: the pool would kill the worker that gdb holds.
 *
 * Usage: debugger [SECONDS]; the item waits so long for gdb, by default a minute. */
#define _POSIX_C_SOURCE 200809L
#include <procpool.h>
#include <time.h>
#include <unistd.h>

#include "recipes/expect.h"

static volatile int attached; /* for gdb to set */

static void wait_for_debugger(int seconds)
{
    fprintf(stderr, "waiting: gdb -p %d -ex 'set var attached = 1'\n", (int)getpid());
    for (int i = 0; i < 10 * seconds && !attached; i++)
        nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
}

static int work(const void *item, void *result, pool_task_t *task)
{
    (void)task;
    wait_for_debugger(*(const int *)item);
    *(pid_t *)result = getpid();
    return 0;
}

/* Which worker has this process; -1: none. */
static int find_worker(const pid_t *pids, int count, pid_t pid)
{
    while (count-- > 0 && pids[count] != pid)
        ;
    return count;
}

int main(int argc, char **argv)
{
    const pool_options_t options = {.processes = 2};
    int seconds = argc > 1 ? atoi(argv[1]) : 60;
    pid_t pids[2], worked;
    pool_t *pool;
    EXPECT(pool_create(&pool, &options) == 0);
    int count = pool_pids(pool, pids, 2);
    for (int w = 0; w < count; w++)
        printf("worker %d has the process %d\n", w, (int)pids[w]);
    fflush(stdout);

    EXPECT(pool_apply(pool, work, POOL_IN(&seconds, 1), POOL_OUT(&worked)) == 0);
    int worker = find_worker(pids, count, worked);
    EXPECT(worker >= 0);
    printf("worker %d ran the item\n", worker);
    pool_free(pool);
    return 0;
}
