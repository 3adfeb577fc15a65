/* Runs in every process: makes descriptors, and moves each above 2. In a program that was started
 * with descriptor 0, 1 or 2 closed, pipe() would return that one, and the program's next scanf() or
 * printf() would use a channel of the library. */
#include "common/descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8U /* from Linux 6.3 on: the file can never be executed */
#endif

void pool__close(int *descriptor)
{
    if (*descriptor >= 0)
        close(*descriptor);
    *descriptor = -1;
}

static int lift(int *descriptor)
{
    if (*descriptor > 2)
        return 0;
    int lifted = fcntl(*descriptor, F_DUPFD_CLOEXEC, 3);
    if (lifted < 0)
        return -errno;
    close(*descriptor);
    *descriptor = lifted;
    return 0;
}

static int lift_both(int ends[2])
{
    int error = lift(&ends[0]);
    if (!error)
        error = lift(&ends[1]);
    if (error) {
        pool__close(&ends[0]);
        pool__close(&ends[1]);
    }
    return error;
}

int pool__pipe(int ends[2])
{
    if (pipe2(ends, O_CLOEXEC) < 0) {
        ends[0] = ends[1] = -1;
        return -errno;
    }
    return lift_both(ends);
}

int pool__socketpair(int ends[2])
{
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) {
        ends[0] = ends[1] = -1;
        return -errno;
    }
    return lift_both(ends);
}

/* Keeps what a system call has just returned, while errno is still that of the call. */
static int keep(int *descriptor, int made)
{
    *descriptor = made;
    int error = made < 0 ? -errno : lift(descriptor);
    if (error)
        pool__close(descriptor);
    return error;
}

int pool__eventfd(int *descriptor)
{
    return keep(descriptor, eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
}

int pool__epoll(int *descriptor)
{
    return keep(descriptor, epoll_create1(EPOLL_CLOEXEC));
}

int pool__timerfd(int *descriptor)
{
    return keep(descriptor, timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
}

int pool__memfd(int *descriptor, const char *name)
{
    const unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
    int made = memfd_create(name, flags | MFD_NOEXEC_SEAL);
    if (made < 0 && errno == EINVAL) /* the kernel does not know the flag; others demand it */
        made = memfd_create(name, flags);
    return keep(descriptor, made);
}

int pool__reopen(int *descriptor, int other)
{
    char path[48];
    /* Not /proc/self: a thread may have a table of descriptors of its own. */
    snprintf(path, sizeof path, "/proc/thread-self/fd/%d", other);
    return keep(descriptor, open(path, O_RDONLY | O_CLOEXEC));
}

int pool__pidfd(int pid)
{
#ifdef SYS_pidfd_open
    int descriptor = (int)syscall(SYS_pidfd_open, pid, 0); /* always close-on-exec */
    if (descriptor >= 0 && lift(&descriptor) < 0)
        pool__close(&descriptor);
    return descriptor < 0 ? -1 : descriptor;
#else
    (void)pid;
    return -1;
#endif
}

int pool__set_nonblocking(int descriptor)
{
    int flags = fcntl(descriptor, F_GETFL);
    if (flags < 0 || fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) < 0)
        return -errno;
    return 0;
}
