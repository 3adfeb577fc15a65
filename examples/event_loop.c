/* Runs a map inside a libuv loop, whose timer keeps its beat meanwhile. */
#define _POSIX_C_SOURCE 200809L
#include <procpool.h>
#include <stdio.h>
#include <time.h>
#include <uv.h>

enum { ITEMS = 40, BEAT = 10 };

/* What the timer has seen, in milliseconds. */
struct beats {
    int count;
    double last, largest_gap;
};

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
    struct beats *beats = timer->data;
    double now = (double)uv_hrtime() / 1e6, gap = now - beats->last;
    if (beats->count++ && gap > beats->largest_gap)
        beats->largest_gap = gap;
    beats->last = now;
}

static void on_progress(void *timer, const pool_progress_t *progress)
{
    (void)timer;
    printf("%zu of %zu items, %zu failed\n", progress->done, progress->total, progress->failed);
}

/* The loop's thread makes this call, so it may do anything to the loop. */
static void on_end(pool_future_t *future, void *timer)
{
    printf("all items are done, %zu failed\n", pool_future_errors(future, NULL));
    uv_close(timer, NULL);
}

int main(void)
{
    int numbers[ITEMS], squares[ITEMS];
    struct beats beats = {0};
    pool_t *pool;
    uv_loop_t *loop = uv_default_loop();
    uv_timer_t timer;
    for (int i = 0; i < ITEMS; i++)
        numbers[i] = i;
    int error = pool_create(&pool, NULL);
    if (error) {
        fprintf(stderr, "cannot make a pool: %s\n", pool_strerror(error));
        return 1;
    }

    uv_timer_init(loop, &timer);
    timer.data = &beats;
    uv_timer_start(&timer, on_beat, BEAT, BEAT);
    pool_map_options_t options = {
        .callback = on_end, .error_callback = on_end, .progress = on_progress, .context = &timer};
    error = pool_attach(pool, loop);
    if (error == 0)
        error = pool_map_async(pool, square, POOL_IN(numbers, ITEMS), POOL_OUT(squares), &options,
                               NULL); /* NULL: the callbacks tell all */
    if (error == 0)
        uv_run(loop, UV_RUN_DEFAULT); /* until the timer is closed and the pool idle */
    else
        fprintf(stderr, "%s\n", pool_strerror(error));
    printf("%d beats of %d ms, the largest gap was %.1f ms\n", beats.count, BEAT,
           beats.largest_gap);
    pool_free(pool);
    uv_run(loop, UV_RUN_NOWAIT); /* the pool's handle, and the loop, close */
    uv_loop_close(loop);
    return error != 0;
}
