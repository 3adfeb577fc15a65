/* POOL_FUNCTION names an argument's type as the function declares it. */
/* wrong: result or arguments differ from the declaration of score */
#include <procpool.h>

static double score(const char *path, int width)
{
    return width + (path ? 1 : 0);
}
#ifdef WRONG
POOL_FUNCTION(score, double, (const char *, path), (long, width));
#else
POOL_FUNCTION(score, double, (const char *, path), (int, width));
#endif
