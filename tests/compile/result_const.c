/* A text that is not the pool's to free is not one that is. */
/* wrong: result or arguments differ from the declaration of name_of */
#include <procpool.h>

static const char *name_of(int which)
{
    return which ? "one" : "none";
}
#ifdef WRONG
POOL_FUNCTION(name_of, char *, (int, which));
#else
POOL_FUNCTION(name_of, const char *, (int, which));
#endif
