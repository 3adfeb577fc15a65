/* Runs a map inside a libuv loop, whose timer keeps its beat meanwhile. */
#define _POSIX_C_SOURCE 200809L
#include <procpool.h>
#include <stdio.h>
#include <time.h>
#include <uv.h>

enum { ITEMS = 40 };

/* Runs in a worker: a twentieth of a second of work. */
static int square(const void *item, void *result, pool_task_t *task)
{
    int number = *(const int *)item;
    (void)task;
    nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    *(int *)result = number * number;
    return 0;
}

static void on_beat(uv_timer_t *timer)
{
    printf("%lld ms\n", (long long)uv_now(timer->loop));
}

/* The pool has something to do: results to take, items to give out. */
static void on_readable(uv_poll_t *poll, int status, int events)
{
    (void)events;
    if (status < 0 || pool_step(poll->data) < 0)
        uv_stop(poll->loop);
}

static void on_progress(void *loop, const pool_progress_t *progress)
{
    (void)loop;
    printf("%zu of %zu items, %zu failed\n", progress->done, progress->total, progress->failed);
}

static void on_end(pool_future_t *future, void *loop)
{
    printf("all items are done, %zu failed\n", pool_future_errors(future, NULL));
    uv_stop(loop);
}

int main(void)
{
    int numbers[ITEMS], squares[ITEMS];
    pool_t *pool;
    uv_loop_t *loop = uv_default_loop();
    uv_timer_t timer;
    uv_poll_t poll = {0};
    for (int i = 0; i < ITEMS; i++)
        numbers[i] = i;
    if (pool_create(&pool, NULL) < 0)
        return 1;

    uv_timer_init(loop, &timer);
    uv_timer_start(&timer, on_beat, 100, 100);
    uv_poll_init(loop, &poll, pool_fileno(pool));
    poll.data = pool;
    uv_poll_start(&poll, UV_READABLE, on_readable);
    pool_map_options_t options = {
        .callback = on_end, .error_callback = on_end, .progress = on_progress, .context = loop};
    int error = pool_map_async(pool, square, POOL_IN(numbers, ITEMS), POOL_OUT(squares), &options,
                               NULL); /* NULL: the callbacks tell all */
    if (error == 0)
        uv_run(loop, UV_RUN_DEFAULT);
    pool_free(pool);
    return error != 0;
}
