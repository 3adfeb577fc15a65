/* What the files of the supervisor share. */
#ifndef POOL_SUPERVISOR_SUPERVISOR_H
#define POOL_SUPERVISOR_SUPERVISOR_H

#include <stdbool.h>
#include <stdint.h>
#include <stdnoreturn.h>

#include "common/board.h"
#include "common/control.h"
#include "common/roles.h"
#include "supervisor/roster.h"

struct supervisor {
    const struct pool__launch *launch;
    struct pool__roster roster;
    int signals;      /* a signalfd: readable when there is somebody to reap or to ask */
    uint64_t kill_at; /* when SIGTERM has had its time; 0: not terminating */
    int error;        /* why the pool could not be started, negated errno; 0 */
    bool hello_reported, broken_reported;
    bool channel_full; /* a message could not be sent: reap no more until it can */
};

static inline struct pool__slot *pool__slot_of(const struct supervisor *supervisor, int place,
                                               uint32_t life)
{
    return pool__slot(supervisor->launch->board, place, life);
}

/* ---- fork.c ---- */

/* Forks a worker for each vacancy that is due. Returns 0 or a negated errno value. */
int pool__fill_vacancies(struct supervisor *supervisor);

/* ---- reap.c ---- */

/* Whether the worker has got through its start. What was once seen in its slot is kept. */
bool pool__worker_is_ready(const struct supervisor *supervisor, int index);

/* Reaps everybody who ended: workers, with their process groups, and what workers left behind. */
void pool__reap(struct supervisor *supervisor);

/* ---- end.c ---- */

/* Sends the signal to the process group that a worker leads; 0: to none. */
void pool__signal_group(int pid, int signal);

/* Sends the signal to the process groups of all workers. */
void pool__signal_workers(const struct supervisor *supervisor, int signal);

/* Begins to terminate the pool: SIGTERM now, SIGKILL after the grace. */
void pool__supervisor_terminate(struct supervisor *supervisor);

/* Kills all workers and what they left behind, and ends. */
noreturn void pool__supervisor_end(struct supervisor *supervisor);

/* ---- report.c ---- */

/* Sends without blocking. Returns 0, -EAGAIN when the channel is full, or another negated errno value. */
int pool__send_to_host(struct supervisor *supervisor, struct pool__message message);

/* Tells the host what it has not been told yet: births, then the rest. */
void pool__report(struct supervisor *supervisor);

#endif
