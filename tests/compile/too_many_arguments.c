/* A typed function has at most 16 arguments. */
/* wrong: error: */
#include <procpool.h>

#define FOUR(x) (int, x##1), (int, x##2), (int, x##3), (int, x##4)

#ifdef WRONG
static int sum(int a, int b, int c, int d, int e, int f, int g, int h, int i, int j, int k, int l,
               int m, int n, int o, int p, int q)
{
    return a + b + c + d + e + f + g + h + i + j + k + l + m + n + o + p + q;
}
POOL_FUNCTION(sum, int, FOUR(a), FOUR(b), FOUR(c), FOUR(d), (int, e));
#else
static int sum(int a, int b, int c, int d, int e, int f, int g, int h, int i, int j, int k, int l,
               int m, int n, int o, int p)
{
    return a + b + c + d + e + f + g + h + i + j + k + l + m + n + o + p;
}
POOL_FUNCTION(sum, int, FOUR(a), FOUR(b), FOUR(c), FOUR(d));
#endif
