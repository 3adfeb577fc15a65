/* Runs in the host, without the lock. Owns what the driving thread sleeps on. */
#include "host/engine/bell.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "host/pool.h"

void pool__silence(const pool_t *pool)
{
    char bytes[64];
    while (read(pool->launch.result_read, bytes, sizeof bytes) == (ssize_t)sizeof bytes)
        ;
    if (read(pool->launch.driver_bell, bytes, sizeof(uint64_t)) < 0)
        return; /* the bell was empty */
}

void pool__ring(const pool_t *pool)
{
    const uint64_t one = 1;
    while (write(pool->launch.driver_bell, &one, sizeof one) < 0 && errno == EINTR)
        ;
}

void pool__block(const pool_t *pool, int milliseconds)
{
    struct pollfd events[3] = {
        {.fd = pool->launch.control_host, .events = POLLIN},
        {.fd = pool->launch.result_read, .events = POLLIN},
        {.fd = pool->launch.driver_bell, .events = POLLIN},
    };
    if (poll(events, 3, milliseconds) > 0 && ((events[1].revents | events[2].revents) & POLLIN))
        pool__silence(pool);
}
