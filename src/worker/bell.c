/* Runs in a worker: wakes the host. */
#include "worker/bell.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

void pool__bell_init(struct bell *bell, int descriptor)
{
    struct stat stat;
    bell->descriptor = descriptor;
    if (fstat(descriptor, &stat) == 0) {
        bell->device = stat.st_dev;
        bell->inode = stat.st_ino;
    }
}

/* Leaves the process when a task has closed the descriptor, or put another file in its place. This
 * worker can no longer wake the host; its replacement can. */
static void check_bell(const struct bell *bell)
{
    struct stat stat;
    if (fstat(bell->descriptor, &stat) < 0 || stat.st_dev != bell->device ||
        stat.st_ino != bell->inode)
        _exit(POOL__EXIT_BELL_LOST);
}

void pool__wake_host(struct worker *worker, bool now)
{
    _Atomic uint64_t *wake_at = &worker->writable->wake_at;
    uint64_t target = atomic_load(wake_at);
    if (target == 0 || (!now && atomic_load(&worker->writable->commits) < target))
        return;
    if (!atomic_compare_exchange_strong(wake_at, &target, 0))
        return;
    check_bell(&worker->host_bell);
    while (write(worker->host_bell.descriptor, "", 1) < 0 && errno == EINTR)
        ; /* when the pipe is full, the host has been woken already */
}
