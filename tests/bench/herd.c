/* Many threads that each make one call after the other: how often the threads of the host are
 * switched for a call. The reference is as many threads that hand tasks to as many others, with one
 * mutex, and a condition variable for each caller. */
#include "topics.h"

#include <pthread.h>
#include <sys/resource.h>

enum { THREADS_OF_HERD = 16, CALLS = 60 };

static const double item_seconds = 0.005;

static long switches(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_nvcsw + usage.ru_nivcsw;
}

/* Switches for each call of a herd of threads that run `body`. */
static double drive_herd(void *(*body)(void *), void *argument)
{
    pthread_t threads[THREADS_OF_HERD];
    long before = switches();
    for (int i = 0; i < THREADS_OF_HERD; i++)
        if (pthread_create(&threads[i], NULL, body, argument) != 0)
            bench_fail("pthread_create failed");
    for (int i = 0; i < THREADS_OF_HERD; i++)
        pthread_join(threads[i], NULL);
    return (double)(switches() - before) / (THREADS_OF_HERD * CALLS);
}

/* ---- With a pool ---- */

static int nap(const void *item, void *result, pool_task_t *task)
{
    (void)item, (void)result, (void)task;
    bench_sleep(item_seconds);
    return 0;
}

static void *make_calls(void *argument)
{
    pool_t *pool = argument;
    for (int i = 0; i < CALLS; i++)
        bench_require(pool_map(pool, nap, POOL_RANGE(1), POOL_NONE) == 0, HERD, PROCPOOL);
    return NULL;
}

static void with_pool(void *answer)
{
    pool_t *pool = bench_pool(THREADS_OF_HERD);
    *(double *)answer = drive_herd(make_calls, pool);
    pool_free(pool);
}

/* ---- The reference ---- */

struct errand {
    struct errand *next;
    bool done;
    pthread_cond_t ended;
};

static struct {
    pthread_mutex_t mutex;
    pthread_cond_t filled;
    struct errand *first, **end;
} queue = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, NULL, &queue.first};

/* With the mutex held. */
static struct errand *take(void)
{
    while (!queue.first)
        pthread_cond_wait(&queue.filled, &queue.mutex);
    struct errand *errand = queue.first;
    queue.first = errand->next;
    if (!queue.first)
        queue.end = &queue.first;
    return errand;
}

static void *serve(void *unused)
{
    pthread_mutex_lock(&queue.mutex);
    for (;;) {
        struct errand *errand = take();
        pthread_mutex_unlock(&queue.mutex);
        bench_sleep(item_seconds);
        pthread_mutex_lock(&queue.mutex);
        errand->done = true;
        pthread_cond_signal(&errand->ended);
    }
    return unused;
}

static void do_errand(void)
{
    struct errand errand = {.ended = PTHREAD_COND_INITIALIZER};
    pthread_mutex_lock(&queue.mutex);
    *queue.end = &errand;
    queue.end = &errand.next;
    pthread_cond_signal(&queue.filled);
    while (!errand.done)
        pthread_cond_wait(&errand.ended, &queue.mutex);
    pthread_mutex_unlock(&queue.mutex);
    pthread_cond_destroy(&errand.ended);
}

static void *make_errands(void *unused)
{
    for (int i = 0; i < CALLS; i++)
        do_errand();
    return unused;
}

/* The servers end with the process. */
static void with_conditions(void *answer)
{
    pthread_t server;
    for (int i = 0; i < THREADS_OF_HERD; i++)
        if (pthread_create(&server, NULL, serve, NULL) != 0)
            bench_fail("pthread_create failed");
    *(double *)answer = drive_herd(make_errands, NULL);
}

void measure_herd(struct bench *bench)
{
    double *answer = bench_shared(sizeof *answer);
    while (bench_next_round(bench)) {
        if (!bench_given_up(bench, HERD) && bench_trial(with_pool, answer))
            bench_record(bench, HERD, PROCPOOL, *answer);
        else
            bench_give_up(bench, HERD, 0);
        if (bench_trial(with_conditions, answer))
            bench_record(bench, HERD, CONDITIONS, *answer);
    }
}
