/* A member that is an array of pointers, and not of texts, is no plain data. */
/* wrong: a pointer: say what it points to */
#include <procpool.h>

struct page {
    char *words[2];
    double cells[2][3];
    double *rows[2];
};
#ifdef WRONG
POOL_STRUCT(page, (words), (cells), (rows));
#else
POOL_STRUCT(page, (words), (cells));
#endif
