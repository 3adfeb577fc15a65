/* Products of matrices, row by row in memory. */
#ifndef EXAMPLES_MATRIX_H
#define EXAMPLES_MATRIX_H

#include <stdbool.h>

struct matrix {
    const float *at;
    int rows, columns;
    bool transposed; /* the product takes it with rows and columns exchanged */
};

/* Computes product = a b, or with `add` product += a b. The shapes of `a` and `b`, transposed as
 * they say, must fit. The sums are added in an order that depends on the shapes alone, so the same
 * product is the same to the last bit in every process and thread of one machine. */
void matrix_multiply(float *product, struct matrix a, struct matrix b, bool add);

/* What multiplies, for people: "OpenBLAS" or "plain loops". */
const char *matrix_library(void);

#endif
