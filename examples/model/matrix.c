#include "matrix.h"

#ifdef WITH_OPENBLAS

#include <cblas.h>

const char *matrix_library(void)
{
    return "OpenBLAS";
}

void matrix_multiply(float *product, struct matrix a, struct matrix b, bool add)
{
    int rows = a.transposed ? a.columns : a.rows, inner = a.transposed ? a.rows : a.columns;
    int columns = b.transposed ? b.rows : b.columns;
    cblas_sgemm(CblasRowMajor, a.transposed ? CblasTrans : CblasNoTrans,
                b.transposed ? CblasTrans : CblasNoTrans, rows, columns, inner, 1, a.at, a.columns,
                b.at, b.columns, add ? 1 : 0, product, columns);
}

#else

#include <string.h>

const char *matrix_library(void)
{
    return "plain loops";
}

static float element(struct matrix m, int row, int column)
{
    return m.transposed ? m.at[column * m.columns + row] : m.at[row * m.columns + column];
}

/* Adds factor times a row, so that the compiler can take several columns at once. */
static void add_row(float *to, float factor, const float *row, int columns)
{
    for (int j = 0; j < columns; j++)
        to[j] += factor * row[j];
}

static float dot(const float *a, const float *b, int count)
{
    float sum = 0;
    for (int k = 0; k < count; k++)
        sum += a[k] * b[k];
    return sum;
}

void matrix_multiply(float *product, struct matrix a, struct matrix b, bool add)
{
    int rows = a.transposed ? a.columns : a.rows, inner = a.transposed ? a.rows : a.columns;
    int columns = b.transposed ? b.rows : b.columns;
    if (!add)
        memset(product, 0, sizeof *product * (size_t)rows * (size_t)columns);
    for (int i = 0; i < rows; i++) {
        float *row = product + i * columns;
        if (b.transposed && !a.transposed)
            for (int j = 0; j < columns; j++)
                row[j] += dot(a.at + i * inner, b.at + j * inner, inner);
        else
            for (int k = 0; k < inner; k++)
                add_row(row, element(a, i, k), b.at + k * columns, columns);
    }
}

#endif
