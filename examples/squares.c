/* Squares ten numbers in worker processes; each takes a second, as real work might. */
#define _POSIX_C_SOURCE 200809L
#include <procpool.h>
#include <stdio.h>
#include <time.h>

/* Runs in a worker: turns one item into one result. */
static int square(const void *item, void *result, pool_task_t *task)
{
    const int *number = item;
    (void)task;
    nanosleep(&(struct timespec){.tv_sec = 1}, NULL);
    *(int *)result = *number * *number;
    return 0;
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(void)
{
    int numbers[10] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, squares[10];
    pool_t *pool;
    int error = pool_create(&pool, NULL); /* NULL: a process for each processor */
    if (error) {
        fprintf(stderr, "squares: no pool: %s\n", pool_strerror(error));
        return 1;
    }
    printf("%d processes\n", pool_processes(pool));

    double start = seconds();
    int failed = pool_map(pool, square, POOL_IN(numbers, 10), POOL_OUT(squares));
    if (failed < 0)
        fprintf(stderr, "squares: %s\n", pool_strerror(failed));
    else if (failed > 0)
        pool_print_errors(pool, stderr);
    for (int i = 0; i < 10 && failed == 0; i++)
        printf("%d squared is %d\n", numbers[i], squares[i]);
    printf("%.1f seconds; one after the other it takes 10.0\n", seconds() - start);

    pool_free(pool);
    return failed ? 1 : 0;
}
