/* Counted pointers are texts, or of a type that is told. */
/* wrong: pointers to pointers have no type known here */
#include <procpool.h>

struct page {
    size_t n;
    char **words;
    double **rows;
};
#ifdef WRONG
POOL_STRUCT(page, (n), (words, counted_by, n), (rows, counted_by, n));
#else
POOL_STRUCT(page, (n), (words, counted_by, n));
#endif
