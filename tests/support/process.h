/* What /proc tells about processes. */
#ifndef SUPPORT_PROCESS_H
#define SUPPORT_PROCESS_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

/* Writes at most `count` children of `parent`. Returns how many it wrote. */
int process_children(pid_t parent, pid_t *children, int count);

/* Returns the state of the process, a letter as in ps: R, S, D, T, t, Z. 0: there is no such process. */
char process_state(pid_t pid);

/* Whether the process has ended: it is a zombie, or was collected. */
bool process_ended(pid_t pid);

/* Returns the number of threads of the process. 0: there is no such process. */
int process_threads(pid_t pid);

/* Returns the parent of the process. 0: there is no such process. */
pid_t process_parent(pid_t pid);

/* Returns the number of KiB in the line `field` of /proc/PID/status, such as VmRSS, RssAnon or
 * RssShmem. -1: there is no such process or line. */
long process_kilobytes(pid_t pid, const char *field);

/* Whether this process meets the conditions under which no mprotect() in a worker makes the host's part of
 * the shared memory writable: those in procpool/pool.h. */
bool process_may_back_memory(void);

/* Returns the supervisor of the pool that the worker belongs to. */
#define process_supervisor(worker) process_parent(worker)

/* Prints the descendants of this process, a line each. */
void process_print_children(FILE *stream);

/* Kills the descendants of this process. */
void process_kill_children(void);

/* Kills the process and waits until it has ended, if it is a living child of `parent`. Another process that
 * has got the same number since then is not harmed. Returns whether the process was killed. */
bool process_kill_child(pid_t parent, pid_t pid);

/* Whether all of these processes have ended within so many stretched milliseconds. */
bool process_end(const pid_t *pids, int count, int milliseconds);

/* Kills the process and waits until it has ended. False: it has not ended within a deadline. */
bool process_kill(pid_t pid);

#endif
