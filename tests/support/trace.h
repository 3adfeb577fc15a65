/* Stepping through other processes by ptrace. The caller of these is the tracer; descendants may be
 * traced wherever tracing is allowed at all. */
#ifndef SUPPORT_TRACE_H
#define SUPPORT_TRACE_H

#include <stdbool.h>
#include <sys/types.h>

/* Whether this process may trace its children, and the test should try. */
bool trace_allowed(void);

/* Takes hold of a running or sleeping process, which stands still then. */
bool trace_seize(pid_t pid);

enum trace_step {
    TRACE_STEPPED, /* one instruction, or one system call, further */
    TRACE_BLOCKED, /* in a system call that does not return, at least for a while */
    TRACE_GONE     /* it has ended, and is collected */
};

/* Lets it go on for one instruction; waits `patience` stretched milliseconds for a system call. */
enum trace_step trace_step(pid_t pid, int patience);

/* Lets it go on to its next entry to, or return from, a system call. */
enum trace_step trace_call(pid_t pid, int patience);

/* Kills it where it stands, and collects it for the tracer; its parent is told then. */
void trace_kill(pid_t pid);

/* Lets it go. */
void trace_release(pid_t pid);

#endif
