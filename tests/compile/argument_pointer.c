/* An argument that is a pointer, and no text, says how many elements it points to. */
/* wrong: a pointer: say what it points to, by counted_by */
#include <procpool.h>

static double sum(const double *values, size_t n)
{
    double result = 0;
    for (size_t i = 0; i < n; i++)
        result += values[i];
    return result;
}
#ifdef WRONG
POOL_FUNCTION(sum, double, (const double *, values), (size_t, n));
#else
POOL_FUNCTION(sum, double, (const double *, values, counted_by, n), (size_t, n));
#endif
