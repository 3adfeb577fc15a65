/* Starts several calls, does other things meanwhile, and takes the results of each call when it has
 * ended. Then a call that would take minutes is cancelled. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <procpool.h>
#include <stdio.h>
#include <time.h>

enum { CALLS = 3, ITEMS = 20, MANY = 10000 };

/* The arrays of a call must stay until it has ended. */
static int numbers[MANY], squares[CALLS][ITEMS], many[MANY];

/* Runs in a worker. */
static int square(const void *item, void *result, pool_task_t *task)
{
    int number = *(const int *)item;
    (void)task;
    nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    *(int *)result = number * number;
    return 0;
}

/* Starts calls for one part of the numbers each. */
static int start_all(pool_t *pool, pool_future_t **futures)
{
    int error = 0;
    for (int c = 0; c < CALLS && !error; c++)
        error = pool_map_async(pool, square, POOL_IN(numbers + c * ITEMS, ITEMS),
                               POOL_OUT(squares[c]), NULL, &futures[c]);
    return error;
}

/* Takes the calls as they end. Returns how often there was time for other things. */
static int take_all(pool_future_t **futures)
{
    pool_future_t *future;
    int pauses = 0, call;
    while ((call = pool_as_completed(futures, CALLS, 10, &future)) >= 0 || call == -ETIMEDOUT) {
        pauses += call == -ETIMEDOUT;
        if (call < 0)
            continue;
        int failed = pool_future_get(future, 0);
        printf("call %d: %d failed, last square %d\n", call, failed, squares[call][ITEMS - 1]);
        pool_future_free(future);
    }
    return pauses;
}

static int cancel_one(pool_t *pool)
{
    pool_future_t *future;
    int error = pool_map_async(pool, square, POOL_IN(numbers, MANY), POOL_OUT(many), NULL, &future);
    if (error)
        return error;
    pool_future_wait(future, 100);
    pool_future_cancel(future, 0); /* 0: kills the workers that run one of its items */
    int left = pool_future_get(future, -1);
    printf("most items were cancelled: %s\n", left > MANY / 2 ? "yes" : "no");
    pool_future_free(future);
    return 0;
}

int main(void)
{
    pool_future_t *futures[CALLS] = {NULL};
    pool_t *pool;
    int error = pool_create(&pool, NULL);
    if (error) {
        fprintf(stderr, "cannot make a pool: %s\n", pool_strerror(error));
        return 1;
    }
    for (int i = 0; i < MANY; i++)
        numbers[i] = i;
    error = start_all(pool, futures);
    printf("there was time for other things: %s\n", take_all(futures) > 0 ? "yes" : "no");
    if (!error)
        error = cancel_one(pool);
    if (error)
        fprintf(stderr, "futures: %s\n", pool_strerror(error));
    pool_free(pool);
    return error != 0;
}
