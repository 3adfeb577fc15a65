/* POOL_FUNCTION names all arguments. */
/* wrong: result or arguments differ from the declaration of add */
#include <procpool.h>

static int add(int a, int b, int c)
{
    return a + b + c;
}
#ifdef WRONG
POOL_FUNCTION(add, int, (int, a), (int, b));
#else
POOL_FUNCTION(add, int, (int, a), (int, b), (int, c));
#endif
