/* pool_starmap() takes a typed function, which knows what its rows are. */
/* wrong: not a structure or union */
#include <procpool.h>

static int copy(const void *item, void *result, pool_task_t *task)
{
    (void)task;
    *(int *)result = *(const int *)item;
    return 0;
}
static int same(int item)
{
    return item;
}
POOL_FUNCTION(same, int, (int, item));

int run(pool_t *pool, struct same_args *items, size_t count, int *results);
int run(pool_t *pool, struct same_args *items, size_t count, int *results)
{
    (void)copy;
#ifdef WRONG
    return pool_starmap(pool, copy, items, count, results);
#else
    return pool_starmap(pool, &same_function, items, count, results);
#endif
}
