/* A typed function returns no pointer but a text. */
/* wrong: the result is a pointer: name its type by POOL_FUNCTION_OF */
#include <procpool.h>

static double *half(double a)
{
    (void)a;
    return NULL;
}
#ifdef WRONG
POOL_FUNCTION(half, double *, (double, a));
#else
POOL_FUNCTION_OF(half, double *, &pool_type_plain, (double, a));
#endif
