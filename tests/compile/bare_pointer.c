/* A member of a struct that is a pointer, and no text, says how many elements it points to. */
/* wrong: a pointer: say what it points to, by counted_by */
#include <procpool.h>

struct page {
    char *title;
    size_t n;
    double *weights;
};
#ifdef WRONG
POOL_STRUCT(page, (title), (n), (weights));
#else
POOL_STRUCT(page, (title), (n), (weights, counted_by, n));
#endif
