/* Runs in the host and in the supervisor: sends and receives packets of one size over a
 * SOCK_SEQPACKET pair. */
#include "common/control.h"

#include <errno.h>
#include <sys/socket.h>

int pool__control_send(int channel, const struct pool__message *message)
{
    for (;;) {
        ssize_t sent = send(channel, message, sizeof *message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent >= 0)
            return 0;
        if (errno == EPIPE || errno == ECONNRESET || errno == ENOTCONN || errno == EBADF)
            return -errno;
        if (errno != EINTR)
            return errno == EAGAIN ? -EAGAIN : -ENOBUFS;
    }
}

int pool__control_receive(int channel, struct pool__message *message)
{
    for (;;) {
        ssize_t got = recv(channel, message, sizeof *message, MSG_DONTWAIT | MSG_TRUNC);
        if (got >= 0)
            return got == (ssize_t)sizeof *message;
        if (errno == ECONNRESET)
            return 0;
        if (errno != EINTR)
            return -errno;
    }
}
