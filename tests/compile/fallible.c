/* A function that can fail takes where its result goes, and the task. */
/* wrong: result or arguments differ from the declaration of divide */
#include <procpool.h>

#ifdef WRONG
static int divide(double a, double b, double *result)
{
    *result = a / b;
    return 0;
}
#else
static int divide(double a, double b, double *result, pool_task_t *task)
{
    *result = a / b;
    return b != 0 ? 0 : pool_fail(task, 1, "%g by nothing", a);
}
#endif
POOL_FALLIBLE(divide, double, (double, a), (double, b));
