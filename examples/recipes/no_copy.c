/* How do I use data that was loaded before the pool, without a copy of it for the workers?
 *
 * Load it, then make the pool. A worker sees the memory that the host had in pool_create(), at the
 * same addresses. Map over POOL_RANGE(count), and let pool_task_index() say which part is meant.
 * The kernel copies only the pages that a process writes to afterwards. So read the data and do not
 * change it: what a worker writes there stays in that worker. */
#include <procpool.h>
#include <string.h>

#include "recipes/expect.h"

enum { BLOCKS = 64, BLOCK = 1 << 18 }; /* 64 blocks of 1 MiB */

static int *table;

static void load(void)
{
    table = malloc(sizeof *table * BLOCKS * BLOCK);
    EXPECT(table != NULL);
    for (int i = 0; i < BLOCKS * BLOCK; i++)
        table[i] = i / BLOCK;
}

static int sum_block(const void *item, void *result, pool_task_t *task)
{
    const int *block = table + pool_task_index(task) * BLOCK;
    long long sum = 0;
    (void)item; /* NULL: no data travels */
    for (int i = 0; i < BLOCK; i++)
        sum += block[i];
    *(long long *)result = sum;
    return 0;
}

/* The result: KiB of memory that this worker shares with no other process. */
static int measure(const void *item, void *result, pool_task_t *task)
{
    long *kilobytes = result, more;
    char line[300];
    FILE *file = fopen("/proc/self/smaps", "r");
    (void)item;
    if (!file)
        return pool_fail(task, -1, "cannot open /proc/self/smaps");
    while (fgets(line, sizeof line, file))
        if (sscanf(line, "Private_Dirty: %ld", &more) == 1)
            *kilobytes += more;
    fclose(file);
    return 0;
}

int main(void)
{
    const pool_options_t options = {.processes = 2};
    long long sums[BLOCKS];
    long alone[2];
    pool_t *pool;
    load();
    EXPECT(pool_create(&pool, &options) == 0);
    EXPECT(pool_map(pool, sum_block, POOL_RANGE(BLOCKS), POOL_OUT(sums)) == 0);
    for (long long b = 0; b < BLOCKS; b++)
        EXPECT(sums[b] == b * BLOCK);

    EXPECT(pool_broadcast(pool, measure, POOL_RANGE(1), POOL_OUT(alone)) == 0);
    for (int w = 0; w < 2; w++)
        EXPECT(alone[w] > 0 && alone[w] < 16 << 10);
    printf("the table has 64 MiB; the workers have %ld and %ld KiB of their own\n", alone[0],
           alone[1]);
    pool_free(pool);
    free(table);
    return 0;
}
