/* Runs a parser that crashes, aborts, exits and overflows its stack; every other item is done. */
#include <procpool.h>
#include <stdio.h>
#include <stdlib.h>

#define ITEMS 1000

static int overflow(int depth)
{
    volatile char frame[4096];
    frame[0] = (char)depth;
    return depth < 0 ? 0 : overflow(depth + 1) + frame[0];
}

static volatile int *volatile nowhere; /* volatile, or the compiler drops the write */

/* Runs in a worker. Five of the thousand items are more than this parser can take. */
static int parse(const void *item, void *result, pool_task_t *task)
{
    int number = *(const int *)item;
    if (number == 13)
        *nowhere = number;
    if (number == 250)
        abort();
    if (number == 500)
        exit(3);
    if (number == 750)
        return overflow(1);
    if (number == 999)
        return pool_fail(task, number, "%d is not to my taste", number);
    *(int *)result = number + 1;
    return 0;
}

int main(void)
{
    static int numbers[ITEMS], results[ITEMS];
    int right = 0;
    for (int i = 0; i < ITEMS; i++)
        numbers[i] = i;

    pool_t *pool;
    int error = pool_create(&pool, NULL);
    if (error) {
        fprintf(stderr, "survivor: no pool: %s\n", pool_strerror(error));
        return 1;
    }
    int failed = pool_map(pool, parse, POOL_IN(numbers, ITEMS), POOL_OUT(results));
    if (failed < 0)
        fprintf(stderr, "survivor: %s\n", pool_strerror(failed));

    for (int i = 0; i < ITEMS; i++) /* a failed item's result is left as it was: 0 */
        right += results[i] == i + 1;
    printf("%d of %d results are right\n", right, ITEMS);
    pool_print_errors(pool, stdout);
    pool_free(pool);
    return failed == 5 && right == ITEMS - failed ? 0 : 1;
}
