/* Results that are pointers into a worker's memory mean nothing in the host. */
/* wrong: these results are pointers.* name their type by POOL_OUT_AS */
#include <procpool.h>

pool_out_t choose(int which, double **vectors, char **texts);
pool_out_t choose(int which, double **vectors, char **texts)
{
#ifdef WRONG
    (void)which, (void)texts;
    return POOL_OUT(vectors);
#else
    return which ? POOL_OUT(texts) : POOL_OUT_AS(vectors, &pool_type_plain);
#endif
}
