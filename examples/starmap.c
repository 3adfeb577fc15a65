/* Scores the files it is given: how many of their words are long. A file that cannot be read costs its
 * own score only. */
#include <ctype.h>
#include <errno.h>
#include <procpool.h>
#include <stdio.h>
#include <stdlib.h>

/* Runs in a worker: the share of words longer than `width`; less than `threshold` counts as 0. */
static int score(const char *path, int width, double threshold, double *share, pool_task_t *task)
{
    int words = 0, wide = 0, length = 0, letter;
    FILE *file = fopen(path, "r");
    if (!file)
        return pool_fail(task, errno, "cannot open %s", path);
    while ((letter = getc(file)) != EOF) {
        length = isalnum(letter) ? length + 1 : 0;
        words += length == 1;
        wide += length == width + 1;
    }
    int error = ferror(file) ? errno : 0;
    fclose(file);
    if (error)
        return pool_fail(task, error, "cannot read %s", path);
    *share = wide > threshold * words ? (double)wide / words : 0;
    return 0;
}
POOL_FALLIBLE(score, double, (const char *, path), (int, width), (double, threshold));

int main(int argc, char **argv)
{
    size_t count = (size_t)argc - 1;
    struct score_args *rows = calloc(count + 1, sizeof *rows);
    double *shares = calloc(count + 1, sizeof *shares);
    pool_t *pool;
    if (!rows || !shares || pool_create(&pool, NULL) < 0) {
        fputs("cannot make a pool\n", stderr);
        free(rows);
        free(shares);
        return 1;
    }
    for (size_t i = 0; i < count; i++)
        rows[i] = (struct score_args){argv[i + 1], 7, 0.02};

    int failed = pool_starmap(pool, &score_function, rows, count, shares);
    if (failed != 0)
        pool_print_errors(pool, stderr);
    for (size_t i = 0; i < count; i++)
        printf("%.3f %s\n", shares[i], rows[i].path);
    pool_free(pool);
    free(rows);
    free(shares);
    return failed != 0;
}
