/* Stepping through other processes by ptrace. The process that calls these functions is the tracer. It may
 * trace its descendants wherever tracing is permitted at all. */
#ifndef SUPPORT_TRACE_H
#define SUPPORT_TRACE_H

#include <stdbool.h>
#include <sys/types.h>

/* Whether this process may trace its children. False under valgrind, too. */
bool trace_allowed(void);

/* Seizes a running or sleeping process and stops it. Returns whether it stands still. */
bool trace_seize(pid_t pid);

enum trace_step {
    TRACE_STEPPED, /* the process is one instruction, or one system call, further */
    TRACE_BLOCKED, /* it is in a system call that has not returned in time */
    TRACE_GONE     /* it has ended, and was collected */
};

/* Lets the process run one instruction. A system call may take `patience` stretched milliseconds. */
enum trace_step trace_step(pid_t pid, int patience);

/* Lets the process run until it next enters, or returns from, a system call. */
enum trace_step trace_call(pid_t pid, int patience);

/* Kills the process where it stands, and collects it as its tracer. Only then its parent hears of its
 * end. */
void trace_kill(pid_t pid);

/* Stops tracing the process, which runs on. */
void trace_release(pid_t pid);

#endif
