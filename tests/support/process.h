/* What /proc tells about processes. */
#ifndef SUPPORT_PROCESS_H
#define SUPPORT_PROCESS_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

/* Writes the children of `parent`, `count` at most. Returns how many were written. */
int process_children(pid_t parent, pid_t *children, int count);

/* Its state, as in ps: R, S, D, T, t, Z; 0 when there is no such process. */
char process_state(pid_t pid);

/* Whether it is no more, or a zombie. */
bool process_ended(pid_t pid);

/* The number of its threads; 0 when there is no such process. */
int process_threads(pid_t pid);

/* Its parent; 0 when there is no such process. */
pid_t process_parent(pid_t pid);

/* The number of KiB in the line `field` of /proc/PID/status, such as VmRSS, RssAnon or RssShmem. -1: there
 * is no such process or line. */
long process_kilobytes(pid_t pid, const char *field);

/* The supervisor of the pool that this worker belongs to. */
#define process_supervisor(worker) process_parent(worker)

/* Prints the children of this process and their children, a line each. */
void process_print_children(FILE *stream);

/* Kills the children of this process, and theirs. */
void process_kill_children(void);

/* Sends SIGKILL to `pid` if that is a living child of `parent`, and waits until it has ended: no
 * stranger is hit that got the number of a process gone by. Returns whether it was killed. */
bool process_kill_child(pid_t parent, pid_t pid);

/* Whether all of these processes have ended within so many stretched milliseconds. */
bool process_end(const pid_t *pids, int count, int milliseconds);

/* Sends SIGKILL and waits until the process has ended, or is a zombie. False when it does not. */
bool process_kill(pid_t pid);

#endif
