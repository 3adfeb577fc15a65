/* POOL_GATHER takes an array of pointers: the rows of a matrix are items themselves. */
/* wrong: not an array of pointers */
#include <procpool.h>

pool_in_t choose(double (*matrix)[4], size_t count);
pool_in_t choose(double (*matrix)[4], size_t count)
{
#ifdef WRONG
    return POOL_GATHER(matrix, count);
#else
    return POOL_IN(matrix, count);
#endif
}
