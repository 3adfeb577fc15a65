/* A program of somebody who installed the library: a pool of 2 squares 10 numbers. Prints the
 * version of the header it was compiled with. */
#include <errno.h>
#include <procpool.h>
#include <stdio.h>

#define COUNT 10

static int square(const void *item, void *result, pool_task_t *task)
{
    const int *number = item;

    if (*number < 0)
        return pool_fail(task, EDOM, "negative input %d", *number);
    *(int *)result = *number * *number;
    return 0;
}

int main(void)
{
    int numbers[COUNT];
    int squares[COUNT] = {0};
    const pool_options_t options = {.processes = 2};
    pool_t *pool = NULL;
    int status = 0;
    int code;

    for (int i = 0; i < COUNT; i++)
        numbers[i] = i + 1;

    code = pool_create(&pool, &options);
    if (code < 0) {
        fprintf(stderr, "pool_create: %s\n", pool_strerror(code));
        return 1;
    }

    code = pool_map(pool, square, POOL_IN(numbers, COUNT), POOL_OUT(squares));
    if (code != 0) {
        fprintf(stderr, "pool_map: %s\n", code < 0 ? pool_strerror(code) : "items failed");
        pool_print_errors(pool, stderr);
        status = 1;
    }
    for (int i = 0; i < COUNT; i++) {
        if (squares[i] != numbers[i] * numbers[i]) {
            fprintf(stderr, "the square of %d is not %d\n", numbers[i], squares[i]);
            status = 1;
        }
    }
    pool_free(pool);

    printf("%d.%d.%d\n", POOL_VERSION_MAJOR, POOL_VERSION_MINOR, POOL_VERSION_PATCH);
    return status;
}
