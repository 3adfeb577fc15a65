/* Runs in the host: a pool in a program's own event loop. It gives the loop a descriptor to poll,
 * and does one step without waiting. */
#include <limits.h>

#include "host/base/inside.h"
#include "host/engine/alarm.h"
#include "host/engine/bell.h"
#include "host/engine/drive.h"
#include "host/engine/pool.h"
#include "host/pool.h"

int pool_step(pool_t *pool)
{
    int error = pool__go_inside(pool);
    if (error)
        return error;
    /* A thread that sleeps for all empties the bells itself: emptied here, they would not wake
     * it. */
    if (!pool->driver)
        pool__silence(pool);
    error = pool__drive(pool, pool__at_once, NULL, NULL, 0);
    if (!error && pool->news) {
        pool->news = false; /* the caller looks at its calls after this return */
        pool__set_alarm(pool);
    }
    size_t unfinished = pool->queue.unfinished;
    pool__leave(pool);
    return error ? error : unfinished > INT_MAX ? INT_MAX : (int)unfinished;
}

int pool_fileno(pool_t *pool)
{
    int error = pool__go_inside(pool);
    if (error)
        return error;
    if (pool->epoll < 0)
        error = pool__open_epoll(pool);
    pool__attend(pool);
    int descriptor = pool->epoll;
    pool__leave(pool);
    return error ? error : descriptor;
}
