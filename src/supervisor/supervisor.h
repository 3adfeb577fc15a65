/* The state of the supervisor, and what its files offer each other. main.c calls host.c,
 * fork.c, reap.c and end.c; those and main.c call report.c and the roster. */
#ifndef POOL_SUPERVISOR_SUPERVISOR_H
#define POOL_SUPERVISOR_SUPERVISOR_H

#include <stdbool.h>
#include <stdint.h>
#include <stdnoreturn.h>

#include "common/board.h"
#include "common/control.h"
#include "common/roles.h"
#include "supervisor/roster.h"

/* The supervisor's state, on its own stack. */
struct supervisor {
    const struct pool__launch *launch;
    struct pool__roster roster;
    int signals;      /* a signalfd: readable when a child has ended or a worker has signalled */
    uint64_t kill_at; /* when the grace after SIGTERM is over; 0: not terminating */
    int fork_error;   /* negated errno: why the last fork was refused; 0: none was */
    int error;        /* negated errno: why the pool could not be started; 0: it was */
    bool hello_reported, broken_reported; /* the host has been told */
    uint64_t host_start; /* when the host was started, where there are no pidfds: see host.c */
    bool asked;          /* the host waits for an answer */
    uint64_t send_again; /* when to try again what could not be sent; 0: all was sent */
};

/* The slot of this life of this worker number. */
static inline struct pool__slot *pool__slot_of(const struct supervisor *supervisor, int place,
                                               uint32_t life)
{
    return pool__slot(supervisor->launch->board, place, life);
}

/* ---- host.c ---- */

/* Remembers the host's process, before the first pool__host_has_ended(). */
void pool__watch_host(struct supervisor *supervisor);

/* Whether the host's process has ended, on a system without pidfds; false on others. */
bool pool__host_has_ended(const struct supervisor *supervisor);

/* ---- fork.c ---- */

/* Forks a process for each place that needs one now. Returns 0 or a negated errno value. */
int pool__fill_vacancies(struct supervisor *supervisor);

/* ---- reap.c ---- */

/* Whether the worker of this place has got through its start. Once the supervisor has seen that in
 * the slot it keeps it, since any worker may overwrite the slot. */
bool pool__worker_is_ready(const struct supervisor *supervisor, int index);

/* Reaps every child that has ended: workers, whose process groups are killed, and processes that
 * workers left behind. */
void pool__reap(struct supervisor *supervisor);

/* ---- end.c ---- */

/* Sends the signal to the process group that worker `pid` leads, and continues the worker if it is
 * stopped. Does nothing for pid 0. */
void pool__signal_group(int pid, int signal);

/* Sends the signal to the process groups of all workers and successors. */
void pool__signal_workers(const struct supervisor *supervisor, int signal);

/* Begins to terminate the pool: SIGTERM now, SIGKILL after the grace. Does nothing the second time.
 */
void pool__supervisor_terminate(struct supervisor *supervisor);

/* Kills all workers and the processes that they left behind, and ends the supervisor. */
noreturn void pool__supervisor_end(struct supervisor *supervisor);

/* ---- report.c ---- */

/* Sends a message to the host without blocking. False when it has to be sent again later: the
 * channel is full, or the system is short of memory. */
bool pool__send_to_host(struct supervisor *supervisor, struct pool__message message);

/* Tells the host what it has not been told yet: births first, then that all workers are forked or
 * why not, then that the pool is broken, then what it has asked for. After an error in the start
 * births are left out. */
void pool__report(struct supervisor *supervisor);

#endif
