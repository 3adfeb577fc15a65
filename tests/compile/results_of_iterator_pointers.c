/* So do those of an iterator, also in arrays. */
/* wrong: these results are pointers.* name their type by pool_out */
#include <procpool.h>

typedef int *pair_t[2];

pool_out_t choose(int which);
pool_out_t choose(int which)
{
#ifdef WRONG
    (void)which;
    return POOL_RESULT(pair_t);
#else
    pool_out_t all[] = {POOL_RESULT(double), POOL_RESULT(char *), POOL_RESULT(pool_bytes_t),
                        pool_out(NULL, sizeof(pair_t), &pool_type_plain)};
    return all[which];
#endif
}
