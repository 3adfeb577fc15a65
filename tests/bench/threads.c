/* The contestants made of POSIX threads: a static split, and a pool with a queue. */
#include "contest.h"

#include <pthread.h>
#include <stdlib.h>

static void start_thread(pthread_t *thread, void *(*body)(void *), void *argument)
{
    if (pthread_create(thread, NULL, body, argument) != 0)
        bench_fail("pthread_create failed");
}

/* ---- A static split ---- */

struct part {
    const struct work *work;
    size_t first, end;
    pthread_t thread;
};

static void *do_part(void *argument)
{
    const struct part *part = argument;
    for (size_t i = part->first; i < part->end; i++)
        work_item(part->work, i);
    return NULL;
}

void split_run(const struct work *work, int threads)
{
    size_t count = (size_t)threads;
    struct part *parts = bench_alloc(count, sizeof *parts);
    for (size_t i = 0; i < count; i++) {
        parts[i].work = work;
        parts[i].first = work->count / count * i;
        parts[i].end = i + 1 == count ? work->count : work->count / count * (i + 1);
        start_thread(&parts[i].thread, do_part, &parts[i]);
    }
    for (size_t i = 0; i < count; i++)
        pthread_join(parts[i].thread, NULL);
    free(parts);
}

/* ---- A pool with a queue ---- */

enum { QUEUE = 4096 };

struct task {
    const struct work *work;
    size_t index;
};

/* All fields under the mutex. */
struct crew {
    pthread_mutex_t mutex;
    pthread_cond_t filled, emptied, finished;
    size_t put, taken; /* tasks ever; the queue holds those between */
    size_t ended;
    bool caller_waits; /* for room */
    int idle;          /* threads that wait for a task */
    bool closing;
    int threads;
    pthread_t *members;
    struct task queue[QUEUE];
};

/* Takes the next task; false when the crew is closing. With the mutex held. */
static bool take(struct crew *crew, struct task *task)
{
    while (crew->taken == crew->put && !crew->closing) {
        crew->idle++;
        pthread_cond_wait(&crew->filled, &crew->mutex);
        crew->idle--;
    }
    if (crew->taken == crew->put)
        return false;
    *task = crew->queue[crew->taken++ % QUEUE];
    if (crew->caller_waits && crew->put - crew->taken <= QUEUE / 2)
        pthread_cond_signal(&crew->emptied);
    return true;
}

static void *serve(void *argument)
{
    struct crew *crew = argument;
    struct task task;
    pthread_mutex_lock(&crew->mutex);
    while (take(crew, &task)) {
        pthread_mutex_unlock(&crew->mutex);
        work_item(task.work, task.index);
        pthread_mutex_lock(&crew->mutex);
        if (++crew->ended == crew->put)
            pthread_cond_signal(&crew->finished);
    }
    pthread_mutex_unlock(&crew->mutex);
    return NULL;
}

static void put(struct crew *crew, struct task task)
{
    pthread_mutex_lock(&crew->mutex);
    while (crew->put - crew->taken == QUEUE) {
        crew->caller_waits = true;
        pthread_cond_wait(&crew->emptied, &crew->mutex);
        crew->caller_waits = false;
    }
    crew->queue[crew->put++ % QUEUE] = task;
    if (crew->idle > 0)
        pthread_cond_signal(&crew->filled);
    pthread_mutex_unlock(&crew->mutex);
}

void crew_run(struct crew *crew, const struct work *work)
{
    for (size_t i = 0; i < work->count; i++)
        put(crew, (struct task){work, i});
    pthread_mutex_lock(&crew->mutex);
    while (crew->ended != crew->put)
        pthread_cond_wait(&crew->finished, &crew->mutex);
    pthread_mutex_unlock(&crew->mutex);
}

struct crew *crew_create(int threads)
{
    struct crew *crew = bench_alloc(1, sizeof *crew);
    pthread_mutex_init(&crew->mutex, NULL);
    pthread_cond_init(&crew->filled, NULL);
    pthread_cond_init(&crew->emptied, NULL);
    pthread_cond_init(&crew->finished, NULL);
    crew->threads = threads;
    crew->members = bench_alloc((size_t)threads, sizeof *crew->members);
    for (int i = 0; i < threads; i++)
        start_thread(&crew->members[i], serve, crew);
    return crew;
}

void crew_free(struct crew *crew)
{
    pthread_mutex_lock(&crew->mutex);
    crew->closing = true;
    pthread_cond_broadcast(&crew->filled);
    pthread_mutex_unlock(&crew->mutex);
    for (int i = 0; i < crew->threads; i++)
        pthread_join(crew->members[i], NULL);
    pthread_cond_destroy(&crew->finished);
    pthread_cond_destroy(&crew->emptied);
    pthread_cond_destroy(&crew->filled);
    pthread_mutex_destroy(&crew->mutex);
    free(crew->members);
    free(crew);
}
