/* Descriptors of the library: close-on-exec from birth, never one of 0, 1, 2. */
#ifndef POOL_COMMON_DESCRIPTOR_H
#define POOL_COMMON_DESCRIPTOR_H

/* As pipe2(O_CLOEXEC) and socketpair(SOCK_SEQPACKET). Return 0 or a negated errno value, then with
 * nothing open. */
int pool__pipe(int ends[2]);
int pool__socketpair(int ends[2]);

/* As eventfd(), epoll_create1() and timerfd_create() of the monotonic clock, none of them blocking. Return
 * 0 or a negated errno value, then with nothing open. */
int pool__eventfd(int *descriptor);
int pool__epoll(int *descriptor);
int pool__timerfd(int *descriptor);

/* A descriptor that becomes readable when the process ends; -1 where the system has none. */
int pool__pidfd(int pid);

/* Closes `*descriptor` unless it is negative, and makes it -1. */
void pool__close(int *descriptor);

/* Sets O_NONBLOCK, which is shared with every copy of the descriptor. */
int pool__set_nonblocking(int descriptor);

#endif
