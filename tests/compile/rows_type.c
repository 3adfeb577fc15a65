/* pool_starmap() takes rows of its function. */
/* wrong: rows or results are not of the function */
#include <procpool.h>

static int add(int a, int b)
{
    return a + b;
}
static int subtract(int a, int b)
{
    return a - b;
}
POOL_FUNCTION(add, int, (int, a), (int, b));
POOL_FUNCTION(subtract, int, (int, a), (int, b));

int run(pool_t *pool, struct add_args *rows, size_t count, int *results);
int run(pool_t *pool, struct add_args *rows, size_t count, int *results)
{
#ifdef WRONG
    return pool_starmap(pool, &subtract_function, rows, count, results);
#else
    return pool_starmap(pool, &subtract_function, (struct subtract_args *)rows, count, results) +
           pool_starmap(pool, &add_function, rows, count, results);
#endif
}
