/* A function that returns nothing has no result. */
/* wrong: result or arguments differ from the declaration of note */
#include <procpool.h>

static void note(int which)
{
    (void)which;
}
#ifdef WRONG
POOL_FUNCTION(note, int, (int, which));
#else
POOL_FUNCTION(note, void, (int, which));
#endif
