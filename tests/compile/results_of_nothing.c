/* A function that returns nothing gives no results. */
/* wrong: rows or results are not of the function */
#include <procpool.h>

static void note(int which)
{
    (void)which;
}
POOL_FUNCTION(note, void, (int, which));

int run(pool_t *pool, struct note_args *rows, size_t count, int *results);
int run(pool_t *pool, struct note_args *rows, size_t count, int *results)
{
#ifdef WRONG
    return pool_starmap(pool, &note_function, rows, count, results);
#else
    (void)results;
    return pool_starmap(pool, &note_function, rows, count, NULL);
#endif
}
