#include "way.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[WAY_COUNT] = {"sequential", "threads", "pool"};

const char *way_name(enum way way)
{
    return names[way];
}

bool way_read(const char *text, enum way *way)
{
    for (int i = 0; i < WAY_COUNT; i++) {
        if (strcmp(text, names[i]) == 0) {
            *way = (enum way)i;
            return true;
        }
    }
    return false;
}

/* What all threads share. */
struct work {
    atomic_size_t next; /* the number that no thread has taken yet */
    size_t count;
    void (*function)(void *context, int thread, size_t number);
    void *context;
};

struct thread {
    pthread_t id;
    int number;
    struct work *work;
};

static void *run(void *argument)
{
    const struct thread *thread = argument;
    struct work *work = thread->work;
    size_t number;
    while ((number = atomic_fetch_add(&work->next, 1)) < work->count)
        work->function(work->context, thread->number, number);
    return NULL;
}

int way_run_threads(int threads, size_t count,
                    void (*function)(void *context, int thread, size_t number), void *context)
{
    struct work work = {.count = count, .function = function, .context = context};
    if (threads <= 1) {
        run(&(struct thread){.work = &work});
        return 0;
    }
    struct thread *all = calloc((size_t)threads, sizeof *all);
    int started = 0, error = ENOMEM;
    while (all && started < threads) {
        all[started] = (struct thread){.number = started, .work = &work};
        error = pthread_create(&all[started].id, NULL, run, &all[started]);
        if (error)
            break;
        started++;
    }
    for (int i = 0; i < started; i++)
        pthread_join(all[i].id, NULL);
    free(all);
    return started > 0 ? 0 : -error;
}
