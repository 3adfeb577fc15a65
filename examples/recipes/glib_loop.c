/* How does a pool run on GLib's main loop, as in a GTK program?
 *
 * By one source: g_unix_fd_add() with the descriptor of pool_fileno(), whose callback calls
 * pool_step(). The callbacks of the pool's calls then run in g_main_loop_run(). Remove the source
 * before pool_free(). */
#include <glib-unix.h>
#include <procpool.h>

#include "recipes/expect.h"

enum { ITEMS = 20 };

static int square(const void *item, void *result, pool_task_t *task)
{
    int number = *(const int *)item;
    (void)task;
    g_usleep(20000);
    *(int *)result = number * number;
    return 0;
}

static gboolean on_ready(gint descriptor, GIOCondition condition, gpointer pool)
{
    (void)descriptor, (void)condition;
    pool_step(pool);
    return G_SOURCE_CONTINUE;
}

static void on_end(pool_future_t *future, void *loop)
{
    (void)future;
    g_main_loop_quit(loop);
}

static gboolean on_beat(gpointer beats)
{
    ++*(int *)beats;
    return G_SOURCE_CONTINUE;
}

int main(void)
{
    int numbers[ITEMS], squares[ITEMS], beats = 0;
    pool_t *pool;
    for (int i = 0; i < ITEMS; i++)
        numbers[i] = i;
    EXPECT(pool_create(&pool, &(pool_options_t){.processes = 2}) == 0); /* before GLib's threads */
    GMainLoop *loop = g_main_loop_new(NULL, FALSE);
    guint source = g_unix_fd_add(pool_fileno(pool), G_IO_IN, on_ready, pool);
    guint timer = g_timeout_add(10, on_beat, &beats);

    pool_map_options_t options = {.callback = on_end, .error_callback = on_end, .context = loop};
    EXPECT(pool_map_async(pool, square, POOL_IN(numbers, ITEMS), POOL_OUT(squares), &options,
                          NULL) == 0);
    g_main_loop_run(loop);

    for (int i = 0; i < ITEMS; i++)
        EXPECT(squares[i] == i * i);
    EXPECT(beats >= 5); /* the items take 200 milliseconds, 20 beats */
    printf("%d items are done; the timer rang %d times meanwhile\n", ITEMS, beats);
    g_source_remove(timer);
    g_source_remove(source);
    g_main_loop_unref(loop);
    pool_free(pool);
    return 0;
}
