/* A table is of members that are there. */
/* wrong: no member named ['"`]?titel */
#include <procpool.h>

struct page {
    char *title;
};
#ifdef WRONG
POOL_STRUCT(page, (titel));
#else
POOL_STRUCT(page, (title));
#endif
