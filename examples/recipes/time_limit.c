/* What is left when a call's time is up?
 *
 * The results of all items that had ended. pool_errors() lists every other item, as POOL_TIMED_OUT;
 * the element of such an item in the array of results is left as it was. An item that is not in the
 * list ended well. (After `fail_fast`, pool_interrupt() or pool_future_cancel() the items that did not
 * end are POOL_CANCELLED, and the same function sorts them out.) */
#define _POSIX_C_SOURCE 200809L
#include <procpool.h>
#include <time.h>

#include "recipes/expect.h"

enum { ITEMS = 400 };

/* Takes 5 milliseconds, and an hour for the first item. */
static int square(const void *item, void *result, pool_task_t *task)
{
    int number = *(const int *)item;
    (void)task;
    nanosleep(&(struct timespec){number == 0 ? 3600 : 0, 5000000}, NULL);
    *(int *)result = number * number;
    return 0;
}

/* Sets `good[i]` for the items that ended well. Returns how many did. */
static int find_good(const pool_t *pool, bool *good)
{
    const pool_error_t *errors;
    size_t failed = pool_errors(pool, &errors);
    for (int i = 0; i < ITEMS; i++)
        good[i] = true;
    for (size_t e = 0; e < failed; e++) {
        EXPECT(errors[e].kind == POOL_TIMED_OUT);
        good[errors[e].index] = false;
    }
    return ITEMS - (int)failed;
}

int main(void)
{
    const pool_options_t two = {.processes = 2};
    const pool_map_options_t options = {.timeout = 500};
    int numbers[ITEMS], squares[ITEMS];
    bool good[ITEMS];
    pool_t *pool;
    for (int i = 0; i < ITEMS; i++) {
        numbers[i] = i;
        squares[i] = -1;
    }
    EXPECT(pool_create(&pool, &two) == 0);
    int failed = pool_map_with(pool, square, POOL_IN(numbers, ITEMS), POOL_OUT(squares), &options);
    EXPECT(failed > 0);
    int ended = find_good(pool, good);
    EXPECT(ended == ITEMS - failed && ended > 0 && !good[0]);
    for (int i = 0; i < ITEMS; i++)
        EXPECT(squares[i] == (good[i] ? i * i : -1));
    printf("%d of %d items ended in time\n", ended, ITEMS);

    /* The worker that had the first item has been replaced: the pool goes on. */
    EXPECT(pool_map(pool, square, POOL_IN(numbers + 1, 9), POOL_OUT(squares)) == 0);
    pool_free(pool);
    return 0;
}
