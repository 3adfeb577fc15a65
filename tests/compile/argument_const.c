/* A text that the function may change is not one that it may not. */
/* wrong: result or arguments differ from the declaration of shorten */
#include <procpool.h>

static int shorten(char *text)
{
    text[0] = '\0';
    return 0;
}
#ifdef WRONG
POOL_FUNCTION(shorten, int, (const char *, text));
#else
POOL_FUNCTION(shorten, int, (char *, text));
#endif
