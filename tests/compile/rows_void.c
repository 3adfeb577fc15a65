/* Rows behind a pointer to anything might be any. */
/* wrong: rows or results are not of the function */
#include <procpool.h>

static int add(int a, int b)
{
    return a + b;
}
POOL_FUNCTION(add, int, (int, a), (int, b));

int run(pool_t *pool, void *memory, size_t count, int *results);
int run(pool_t *pool, void *memory, size_t count, int *results)
{
#ifdef WRONG
    return pool_starmap(pool, &add_function, memory, count, results);
#else
    const struct add_args *rows = memory;
    return pool_starmap(pool, &add_function, rows, count, results);
#endif
}
