/* POOL_FUNCTION names the result's type as the function declares it. */
/* wrong: result or arguments differ from the declaration of half */
#include <procpool.h>

static double half(int a)
{
    return a / 2.0;
}
#ifdef WRONG
POOL_FUNCTION(half, float, (int, a));
#else
POOL_FUNCTION(half, double, (int, a));
#endif
