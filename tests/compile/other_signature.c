/* pool_map() takes a pool_function_t or a typed function, no function that looks like one. */
/* wrong: not a structure or union */
#include <procpool.h>

static int wide(const int *item, int *result, pool_task_t *task)
{
    (void)task;
    *result = *item;
    return 0;
}
static int right(const void *item, void *result, pool_task_t *task)
{
    return wide(item, result, task);
}
static int widen(int item)
{
    return item;
}
POOL_FUNCTION(widen, int, (int, item));

int run(pool_t *pool, int *items, size_t count);
int run(pool_t *pool, int *items, size_t count)
{
#ifdef WRONG
    return pool_map(pool, wide, POOL_IN(items, count), POOL_OUT(items));
#else
    return pool_map(pool, right, POOL_IN(items, count), POOL_OUT(items)) +
           pool_map(pool, &widen_function, POOL_IN(items, count), POOL_OUT(items)) +
           pool_map(pool, NULL, POOL_IN(items, count), POOL_OUT(items));
#endif
}
