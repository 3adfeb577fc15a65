/* How does a pool run on an event loop that is not libuv's?
 *
 * Have the loop watch the descriptor of pool_fileno(), and call pool_step() when it is readable.
 * pool_step() does not wait, and the callbacks of the pool's calls run in it. The loop here is a
 * bare poll(), which also watches a timer. glib_loop.c has the same for GLib. */
#include <poll.h>
#include <procpool.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "recipes/expect.h"

enum { ITEMS = 20 };

static int square(const void *item, void *result, pool_task_t *task)
{
    int number = *(const int *)item;
    (void)task;
    nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    *(int *)result = number * number;
    return 0;
}

static void on_end(pool_future_t *future, void *context)
{
    (void)future;
    *(bool *)context = true;
}

/* Runs the loop until the call has ended. Returns how often the timer rang meanwhile. */
static int run_loop(pool_t *pool, int timer, const bool *ended)
{
    struct pollfd watched[2] = {{.fd = pool_fileno(pool), .events = POLLIN},
                                {.fd = timer, .events = POLLIN}};
    uint64_t times, beats = 0;
    EXPECT(watched[0].fd >= 0);
    while (!*ended) {
        EXPECT(poll(watched, 2, 10000) > 0);
        if (watched[0].revents)
            pool_step(pool);
        if (watched[1].revents && read(timer, &times, sizeof times) == sizeof times)
            beats += times;
    }
    return (int)beats;
}

int main(void)
{
    const struct timespec beat = {.tv_nsec = 10000000};
    int numbers[ITEMS], squares[ITEMS], timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    bool ended = false;
    pool_t *pool;
    for (int i = 0; i < ITEMS; i++)
        numbers[i] = i;
    EXPECT(timerfd_settime(timer, 0, &(struct itimerspec){beat, beat}, NULL) == 0);
    EXPECT(pool_create(&pool, &(pool_options_t){.processes = 2}) == 0);
    pool_map_options_t options = {.callback = on_end, .error_callback = on_end, .context = &ended};
    EXPECT(pool_map_async(pool, square, POOL_IN(numbers, ITEMS), POOL_OUT(squares), &options,
                          NULL) == 0);
    int beats = run_loop(pool, timer, &ended);
    for (int i = 0; i < ITEMS; i++)
        EXPECT(squares[i] == i * i);
    EXPECT(beats >= 5); /* the items take 200 milliseconds, 20 beats */
    printf("%d items are done; the timer rang %d times meanwhile\n", ITEMS, beats);
    pool_free(pool);
    close(timer);
    return 0;
}
