/* A row of pointers is no plain data either, be they texts: rows of those need a table. */
/* wrong: these items are pointers */
#include <procpool.h>

struct pair {
    char *texts[2];
};
POOL_STRUCT(pair, (texts));

pool_in_t choose(char *(*rows)[2], struct pair *pairs, size_t count);
pool_in_t choose(char *(*rows)[2], struct pair *pairs, size_t count)
{
#ifdef WRONG
    (void)pairs;
    return POOL_IN(rows, count);
#else
    return rows ? POOL_IN(rows[0], 2) : POOL_IN_AS(pairs, count, &pair_type);
#endif
}
