/* How do I give a 2-D array to a pool?
 *
 * Rows are elements of the array, so POOL_IN takes them. pool_in() takes the rows of an array whose
 * width is known at run time only, and pool_gather() takes rows behind an array of pointers. The
 * cells of one column are elements with a stride. A column as one item does not lie together: put
 * the matrix into a shared array, and let the items say which column. A pointer into a shared array
 * means the same in every process, so it may be part of an item. */
#include <procpool.h>

#include "recipes/expect.h"

enum { ROWS = 30, COLUMNS = 8 };

typedef double row_t[COLUMNS];

struct column {
    const row_t *matrix; /* in a shared array */
    int number;
};

static int sum_row(const void *item, void *result, pool_task_t *task)
{
    const double *row = item;
    (void)task;
    for (int c = 0; c < COLUMNS; c++)
        *(double *)result += row[c]; /* results begin as zero */
    return 0;
}

static int sum_column(const void *item, void *result, pool_task_t *task)
{
    const struct column *column = item;
    (void)task;
    for (int r = 0; r < ROWS; r++)
        *(double *)result += column->matrix[r][column->number];
    return 0;
}

static int negate(const void *item, void *result, pool_task_t *task)
{
    (void)task;
    *(double *)result = -*(const double *)item;
    return 0;
}

int main(void)
{
    double sums[ROWS], again[ROWS], negated[ROWS], column_sums[COLUMNS];
    const double *upwards[ROWS]; /* the rows, the last one first */
    struct column columns[COLUMNS];
    pool_t *pool;
    EXPECT(pool_create(&pool, NULL) == 0);
    row_t *matrix = pool_shared_alloc(pool, ROWS, sizeof *matrix);
    EXPECT(matrix != NULL);
    for (int i = 0; i < ROWS * COLUMNS; i++)
        matrix[i / COLUMNS][i % COLUMNS] = i;
    for (int r = 0; r < ROWS; r++)
        upwards[r] = matrix[ROWS - 1 - r];
    for (int c = 0; c < COLUMNS; c++)
        columns[c] = (struct column){matrix, c};

    EXPECT(pool_map(pool, sum_row, POOL_IN(matrix, ROWS), POOL_OUT(sums)) == 0);
    pool_in_t rows = pool_gather(upwards, ROWS, COLUMNS * sizeof(double), &pool_type_plain);
    EXPECT(pool_map(pool, sum_row, rows, POOL_OUT(again)) == 0);
    pool_in_t cells = pool_stride(POOL_IN(&matrix[0][3], ROWS), sizeof *matrix);
    EXPECT(pool_map(pool, negate, cells, POOL_OUT(negated)) == 0);
    EXPECT(pool_map(pool, sum_column, POOL_IN(columns, COLUMNS), POOL_OUT(column_sums)) == 0);

    for (int r = 0; r < ROWS; r++)
        EXPECT(sums[r] == COLUMNS * (COLUMNS * r + 3.5) && again[ROWS - 1 - r] == sums[r] &&
               negated[r] == -matrix[r][3]);
    for (int c = 0; c < COLUMNS; c++)
        EXPECT(column_sums[c] == ROWS * (c + COLUMNS * (ROWS - 1) / 2.0));
    printf("%d rows and %d columns are right\n", ROWS, COLUMNS);
    pool_free(pool);
    return 0;
}
