/* pool_starmap() puts results where there are such. */
/* wrong: rows or results are not of the function */
#include <procpool.h>

static double half(int a)
{
    return a / 2.0;
}
POOL_FUNCTION(half, double, (int, a));

int run(pool_t *pool, struct half_args *rows, size_t count);
int run(pool_t *pool, struct half_args *rows, size_t count)
{
#ifdef WRONG
    float results[100];
#else
    double results[100];
#endif
    const pool_map_options_t options = {.chunksize = 3, .fail_fast = true};
    return count > 100 ? -1
                       : pool_starmap_with(pool, &half_function, rows, count, results, &options);
}
