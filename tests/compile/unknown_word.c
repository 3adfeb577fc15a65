/* The words of a table are as, array_of and counted_by. */
/* wrong: POOL__FIELD_counted */
#include <procpool.h>

struct page {
    size_t n;
    double *weights;
};
#ifdef WRONG
POOL_STRUCT(page, (n), (weights, counted, n));
#else
POOL_STRUCT(page, (n), (weights, counted_by, n));
#endif
