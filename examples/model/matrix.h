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

/* Chooses what multiplies from now on, in this process and those that it forks:
 *   "loops"     the loops of matrix.c, which any number of threads may use at once;
 *   "openblas"  the serial build of OpenBLAS. Its buffers belong to the process, so threads take
 *               turns. Processes have a copy each.
 * It is "loops" at first. Returns false, and changes nothing, if there is no such library. */
bool matrix_choose(const char *library);

/* The name of what multiplies, for messages. */
const char *matrix_library(void);

#endif
