/* Runs in a worker: watches its limits. The worker asks for a successor early enough for it to be
 * ready when the worker leaves. At its limit the worker leaves, whether the successor is ready or
 * not. */
#include "worker/limits.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/clock.h"

enum { MEASURED = 1000000 }; /* nanoseconds from one measurement of memory to the next */

/* Asks for a successor. The slot says it, and the signal has the supervisor look. A worker that has
 * changed its user may not send the signal; then the supervisor sees it at its next look. */
static void ask(struct worker *worker)
{
    worker->limits.asked = true;
    atomic_store(&worker->slot->wants_successor, worker->life);
    if (pool__supervised(worker))
        kill(worker->supervisor, SIGUSR1);
}

/* Whether the items that are left will take at most twice as long as a start. */
static bool few_left(const struct pool__limits *limits, size_t left)
{
    if (left <= 1 || limits->items == 0)
        return left <= 1;
    double each = (double)limits->busy / (double)limits->items;
    return each * (double)left <= 2 * (double)limits->start;
}

/* Bytes of memory that this process has in use now, without shared mappings. Pages that it still
 * shares with the host since the fork count. 0: the system does not say. */
static size_t resident(void)
{
    char text[128] = "";
    unsigned long size, all, shared;
    int file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return 0;
    ssize_t length = read(file, text, sizeof text - 1);
    close(file);
    if (length <= 0 || sscanf(text, "%lu %lu %lu", &size, &all, &shared) != 3 || all < shared)
        return 0;
    return (size_t)(all - shared) * (size_t)sysconf(_SC_PAGESIZE);
}

static bool watch_memory(struct pool__limits *limits, size_t limit)
{
    if (limits->seen - limits->measured < MEASURED)
        return false;
    size_t used = resident();
    limits->measured = limits->seen;
    limits->over |=
        used > limit &&
        limits->items > 0; /* at least one item, however much memory came from the host */
    return used > limit - limit / 8;
}

bool pool__limits_watch(struct worker *worker, size_t items)
{
    struct pool__limits *limits = &worker->limits;
    const pool_options_t *options = &worker->launch->options;
    bool soon = false;
    uint64_t now = pool__now();
    limits->busy += now - limits->seen;
    limits->seen = now;
    limits->items += items;
    if (options->maxtasksperchild) {
        size_t left = options->maxtasksperchild - limits->items;
        limits->over |= left == 0;
        soon |= few_left(limits, left);
    }
    if (options->maxmemoryperchild)
        soon |= watch_memory(limits, options->maxmemoryperchild);
    if (soon && !limits->asked)
        ask(worker);
    return limits->over;
}

void pool__limits_begin(struct worker *worker, uint64_t start)
{
    const pool_options_t *options = &worker->launch->options;
    struct pool__limits *limits = &worker->limits;
    *limits = (struct pool__limits){.start = start, .seen = pool__now()};
    limits->any = options->maxtasksperchild || options->maxmemoryperchild;
    if (limits->any)
        pool__limits_watch(worker, 0);
}
