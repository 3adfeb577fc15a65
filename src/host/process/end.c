/* Runs in the host. Waits for the supervisor, and kills it if it must. The supervisor's end of the
 * control channel closes a moment before the supervisor is gone, so the host waits for two more
 * signs: the end-of-file of the result bell, which says that the workers are gone too, and the
 * supervisor's pidfd. It must not wait for, or reap, any other process: those are the program's own
 * business. */
#include "host/process/end.h"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/descriptor.h"
#include "host/pool.h"

void pool__kill_supervisor(const pool_t *pool)
{
#ifdef SYS_pidfd_send_signal
    if (pool->supervisor_pidfd >= 0)
        syscall(SYS_pidfd_send_signal, pool->supervisor_pidfd, SIGKILL, NULL, 0);
#endif
    (void)pool;
}

void pool__cut(const pool_t *pool)
{
    if (pool->launch.control_host >= 0)
        shutdown(pool->launch.control_host, SHUT_RDWR);
}

/* Waits until the pipe is at its end, or the process of the pidfd has ended. Returns after
 * `milliseconds` in any case. */
static void wait_for_descriptor(int descriptor, int milliseconds)
{
    uint64_t deadline = pool__now() + (uint64_t)milliseconds * 1000000u;
    char bytes[64];
    for (int left = milliseconds; left > 0; left = pool__milliseconds(pool__now(), deadline)) {
        struct pollfd end = {.fd = descriptor, .events = POLLIN};
        if (poll(&end, 1, left) <= 0)
            continue;
        if (read(descriptor, bytes, sizeof bytes) <= 0)
            return; /* end-of-file; or a pidfd, from which nothing can be read */
    }
}

void pool__bury_supervisor(pool_t *pool)
{
    enum { MOMENT = 1000 };
    siginfo_t info;
    if (pool->launch.control_host < 0)
        return;
    wait_for_descriptor(pool->launch.result_read, MOMENT);
    if (pool->supervisor_pidfd < 0) {
        /* An old kernel. The pid is safe to use: a child keeps its pid until it is reaped, and for
         * a process that is no child of the host waitpid() fails. */
        if (pool->phase == POOL__GONE_PHASE && pool->supervisor > 0)
            for (int i = 0; i < MOMENT && waitpid(pool->supervisor, NULL, WNOHANG) == 0; i++)
                poll(NULL, 0, 1);
        return;
    }
    wait_for_descriptor(pool->supervisor_pidfd, MOMENT);
    waitid((idtype_t)P_PIDFD, (id_t)pool->supervisor_pidfd, &info, WEXITED | WNOHANG);
    pool__close(&pool->supervisor_pidfd);
}
