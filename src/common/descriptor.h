/* Descriptors of the library: close-on-exec from the moment they exist, and above 2. */
#ifndef POOL_COMMON_DESCRIPTOR_H
#define POOL_COMMON_DESCRIPTOR_H

/* Like pipe2(O_CLOEXEC) and socketpair(SOCK_SEQPACKET). Return 0 or a negated errno value; then
 * both ends are -1. */
int pool__pipe(int ends[2]);
int pool__socketpair(int ends[2]);

/* Like eventfd(), epoll_create1() and timerfd_create() for the monotonic clock. Reading from them
 * does not block. Return 0 or a negated errno value; then the descriptor is -1. */
int pool__eventfd(int *descriptor);
int pool__epoll(int *descriptor);
int pool__timerfd(int *descriptor);

/* Makes a file in memory that can be sealed. Returns 0 or a negated errno value; then the descriptor
 * is -1. */
int pool__memfd(int *descriptor, const char *name);

/* Opens the file behind the descriptor `other` again, for reading alone. Needs /proc. Returns 0 or a
 * negated errno value; then `*descriptor` is -1. */
int pool__reopen(int *descriptor, int other);

/* Returns a descriptor that becomes readable when the process ends; -1 where the system has none,
 * or the call fails. */
int pool__pidfd(int pid);

/* Closes `*descriptor` unless it is negative, and makes it -1. */
void pool__close(int *descriptor);

/* Sets O_NONBLOCK, which holds for every copy of the descriptor, in other processes too. Returns 0
 * or a negated errno value. */
int pool__set_nonblocking(int descriptor);

#endif
