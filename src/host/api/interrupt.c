/* Runs in the host, also in its signal handlers: interrupts the calls that wait. It must not take
 * the lock, which the interrupted thread may hold, nor use anything of the pool that the lock
 * guards. The calls themselves find out that they were interrupted: see engine/drive.c. */
#include <errno.h>
#include <unistd.h>

#include "host/engine/bell.h"
#include "host/pool.h"

int pool_interrupt(pool_t *pool)
{
    int before = errno;
    if (!pool)
        return POOL_ENOPOOL;
    if (pool->owner != getpid())
        return POOL_EFORKED;
    atomic_fetch_add(&pool->interrupts, 1);
    pool__ring(pool);
    errno = before;
    return 0;
}
