/* Tasks in a GThreadPool. Compiled without GLib it has no values. */
#include "glib.h"

#include <math.h>

#ifdef BENCH_GLIB
#include <glib.h>
#include <stdlib.h>

#include "harness.h"

struct task {
    uint64_t item, result;
};

struct tasks {
    GMutex mutex;
    GCond changed;
    bool open;
    size_t count, ended;
    struct task *list;
};

/* The task of a gate is the struct itself. */
static void act(gpointer data, gpointer context)
{
    struct tasks *tasks = context;
    struct task *task = data;
    if (data != context)
        task->result = ~task->item;
    g_mutex_lock(&tasks->mutex);
    while (data == context && !tasks->open)
        g_cond_wait(&tasks->changed, &tasks->mutex);
    if (data != context && ++tasks->ended == tasks->count)
        g_cond_broadcast(&tasks->changed);
    g_mutex_unlock(&tasks->mutex);
}

static void open_and_wait(struct tasks *tasks)
{
    g_mutex_lock(&tasks->mutex);
    tasks->open = true;
    g_cond_broadcast(&tasks->changed);
    while (tasks->ended < tasks->count)
        g_cond_wait(&tasks->changed, &tasks->mutex);
    g_mutex_unlock(&tasks->mutex);
}

static void push_all(GThreadPool *pool, struct tasks *tasks)
{
    for (size_t i = 0; i < tasks->count; i++)
        g_thread_pool_push(pool, &tasks->list[i], NULL);
}

/* Adds what one repeat takes, in seconds. So many threads are held. */
static void once(GThreadPool *pool, struct tasks *tasks, int held, struct glib_costs *costs)
{
    tasks->open = false;
    tasks->ended = 0;
    for (int i = 0; i < held; i++)
        g_thread_pool_push(pool, tasks, NULL);
    double start = bench_now();
    push_all(pool, tasks);
    double pushed = bench_now();
    open_and_wait(tasks);
    costs->end += bench_now() - pushed;
    costs->submit += pushed - start;
    for (size_t i = 0; i < tasks->count; i++)
        bench_require(tasks->list[i].result == ~tasks->list[i].item, SUBMIT, GLIB);
}

struct glib_costs glib_outstanding(int threads, size_t count, size_t repeats, bool held)
{
    struct glib_costs costs = {0};
    struct tasks tasks = {.count = count, .list = bench_alloc(count, sizeof *tasks.list)};
    g_mutex_init(&tasks.mutex);
    g_cond_init(&tasks.changed);
    for (size_t i = 0; i < count; i++)
        tasks.list[i] = (struct task){i, i};
    GThreadPool *pool = g_thread_pool_new(act, &tasks, threads, TRUE, NULL);
    for (size_t i = 0; i < repeats; i++)
        once(pool, &tasks, held ? threads : 0, &costs);
    g_thread_pool_free(pool, FALSE, TRUE);
    g_cond_clear(&tasks.changed);
    g_mutex_clear(&tasks.mutex);
    free(tasks.list);
    costs.submit *= 1e6 / (double)(count * repeats);
    costs.end *= 1e6 / (double)(count * repeats);
    return costs;
}

#else

struct glib_costs glib_outstanding(int threads, size_t count, size_t repeats, bool held)
{
    (void)threads, (void)count, (void)repeats, (void)held;
    return (struct glib_costs){NAN, NAN};
}

#endif
