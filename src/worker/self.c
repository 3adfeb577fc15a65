/* Runs in a worker: what the worker is, and whether it should go on. */
#include "worker/self.h"

#include <unistd.h>

#include "common/clock.h"

void pool__worker_init(struct worker *worker, const struct pool__launch *launch, int number,
                       uint32_t life)
{
    worker->launch = launch;
    worker->board = launch->board;
    worker->writable = pool__writable(launch->board);
    worker->slot = pool__slot(launch->board, number, life);
    worker->number = number;
    worker->life = life;
    worker->task.worker = number;
    worker->task.attempt = 1;
}

bool pool__dismissed(const struct worker *worker)
{
    int idle_timeout = worker->launch->options.idle_timeout;
    if (atomic_load(&worker->board->closing))
        return true;
    return idle_timeout && worker->idle_since &&
           pool__now() - worker->idle_since >= (uint64_t)idle_timeout * 1000000u;
}

bool pool__supervised(const struct worker *worker)
{
    return getppid() == worker->supervisor;
}
