/* System calls that fail, as in a sandbox or on an old kernel. */
#ifndef SUPPORT_DENY_H
#define SUPPORT_DENY_H

/* From now on this system call, of any process that this one has forked or will fork and of this one,
 * does nothing and fails with this errno value. Ends the host if the system has no such filters: for
 * hosts that a test forks only. */
void deny_call(long number, int error);

#endif
