#include "matrix.h"

#include <string.h>

typedef void (*multiply_t)(float *product, struct matrix a, struct matrix b, bool add);

static int rows_of(struct matrix m)
{
    return m.transposed ? m.columns : m.rows;
}

static int columns_of(struct matrix m)
{
    return m.transposed ? m.rows : m.columns;
}

/* ---- OpenBLAS ---- */

#ifdef WITH_OPENBLAS
#include <openblas-serial/cblas.h>
#include <pthread.h>

static void multiply_by_openblas(float *product, struct matrix a, struct matrix b, bool add)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&lock);
    cblas_sgemm(CblasRowMajor, a.transposed ? CblasTrans : CblasNoTrans,
                b.transposed ? CblasTrans : CblasNoTrans, rows_of(a), columns_of(b), columns_of(a),
                1, a.at, a.columns, b.at, b.columns, add ? 1 : 0, product, columns_of(b));
    pthread_mutex_unlock(&lock);
}
#endif

/* ---- Loops ---- */

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

static void add_product_of_row(float *to, struct matrix a, struct matrix b, int row)
{
    int inner = columns_of(a), columns = columns_of(b);
    if (b.transposed && !a.transposed)
        for (int j = 0; j < columns; j++)
            to[j] += dot(a.at + row * inner, b.at + j * inner, inner);
    else
        for (int k = 0; k < inner; k++)
            add_row(to, element(a, row, k), b.at + k * columns, columns);
}

static void multiply_by_loops(float *product, struct matrix a, struct matrix b, bool add)
{
    int rows = rows_of(a), columns = columns_of(b);
    if (!add)
        memset(product, 0, sizeof *product * (size_t)rows * (size_t)columns);
    for (int i = 0; i < rows; i++)
        add_product_of_row(product + i * columns, a, b, i);
}

/* ---- The choice ---- */

static const struct library {
    const char *name, *title;
    multiply_t multiply;
} libraries[] = {
    {"loops", "plain loops", multiply_by_loops},
#ifdef WITH_OPENBLAS
    {"openblas", "OpenBLAS", multiply_by_openblas},
#endif
};

static const struct library *chosen = &libraries[0];

bool matrix_choose(const char *library)
{
    for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++)
        if (strcmp(library, libraries[i].name) == 0) {
            chosen = &libraries[i];
            return true;
        }
    return false;
}

const char *matrix_library(void)
{
    return chosen->title;
}

void matrix_multiply(float *product, struct matrix a, struct matrix b, bool add)
{
    chosen->multiply(product, a, b, add);
}
