/* Standardizes the columns of a table, made with a fixed seed, in place: a fold finds their means and
 * deviations, a map applies them. The sums are the same to the last bit for any number of workers. */
#include <math.h>
#include <procpool.h>
#include <stdio.h>
#include <string.h>

enum { ROWS = 2000000, COLUMNS = 8 };

struct row {
    float cells[COLUMNS];
};

struct moments {
    double count, mean[COLUMNS], squares[COLUMNS];
};

static int make_row(const void *item, void *result, pool_task_t *task)
{
    struct row *row = result;
    uint64_t random = pool_task_seed(task);
    (void)item;
    for (int c = 0; c < COLUMNS; c++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        row->cells[c] = (float)(c + 1) * (float)(random >> 40) / (float)(1 << 24);
    }
    return 0;
}

/* Adds a row to the moments before it (Welford). */
static int add_row(const void *item, void *result, pool_task_t *task)
{
    const struct row *row = item;
    struct moments *moments = result;
    (void)task;
    moments->count++;
    for (int c = 0; c < COLUMNS; c++) {
        double distance = row->cells[c] - moments->mean[c];
        moments->mean[c] += distance / moments->count;
        moments->squares[c] += distance * (row->cells[c] - moments->mean[c]);
    }
    return 0;
}

/* Adds the moments of later rows (Chan). Runs in this process, block by block in their order. */
static int merge(void *into, const void *from)
{
    struct moments *a = into;
    const struct moments *b = from;
    double count = a->count + b->count;
    for (int c = 0; c < COLUMNS; c++) {
        double distance = b->mean[c] - a->mean[c];
        a->mean[c] += distance * b->count / count;
        a->squares[c] += b->squares[c] + distance * distance * a->count * b->count / count;
    }
    a->count = count;
    return 0;
}

static struct moments *moments; /* in the workers: from a broadcast */

static int learn_moments(const void *item, void *result, pool_task_t *task)
{
    static struct moments copy;
    (void)result, (void)task;
    copy = *(const struct moments *)item;
    moments = &copy;
    return 0;
}

static int standardize(const void *item, void *result, pool_task_t *task)
{
    const struct row *from = item;
    struct row *to = result;
    (void)task;
    for (int c = 0; c < COLUMNS; c++) {
        double deviation = sqrt(moments->squares[c] / (moments->count - 1));
        to->cells[c] = (float)((from->cells[c] - moments->mean[c]) / deviation);
    }
    return 0;
}

/* Returns 0, and what was found in `*found`, or the code of what went wrong. */
static int prepare_table(int processes, struct moments *found)
{
    pool_t *pool;
    int error = pool_create(&pool, &(pool_options_t){.processes = processes});
    if (error) {
        fprintf(stderr, "cannot make a pool: %s\n", pool_strerror(error));
        return error;
    }
    struct row *table = pool_shared_alloc(pool, ROWS, sizeof *table);
    struct moments after = {0};
    *found = (struct moments){0};
    error = table ? pool_map(pool, make_row, POOL_RANGE(ROWS), POOL_OUT(table)) : -1;
    if (!error)
        error = pool_fold(pool, add_row, merge, POOL_IN(table, ROWS), POOL_OUT(found), NULL);
    if (!error)
        error = pool_broadcast(pool, learn_moments, POOL_IN(found, 1), POOL_NONE);
    if (!error)
        error = pool_map(pool, standardize, POOL_IN(table, ROWS), POOL_OUT(table));
    if (!error)
        error = pool_fold(pool, add_row, merge, POOL_IN(table, ROWS), POOL_OUT(&after), NULL);
    if (error)
        pool_print_errors(pool, stderr);
    for (int c = 0; c < COLUMNS && !error; c++)
        printf("column %d: mean %.6f, deviation %.6f; then %.6f, %.6f\n", c, found->mean[c],
               sqrt(found->squares[c] / (ROWS - 1)), fabs(after.mean[c]),
               sqrt(after.squares[c] / (ROWS - 1)));
    pool_free(pool);
    return error;
}

int main(void)
{
    struct moments by_all, by_one;
    if (prepare_table(0, &by_all) || prepare_table(1, &by_one))
        return 1;
    bool same = memcmp(&by_all, &by_one, sizeof by_one) == 0;
    printf("the same by one worker, to the last bit: %s\n", same ? "yes" : "no");
    return !same;
}
