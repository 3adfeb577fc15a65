/* Runs in the host. Owns each thread's list of the pools that the thread is inside of. A signal may
 * come between any two lines here: a thread is on the list before it touches the lock, and as long
 * as it may have it. */
#include "host/base/inside.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>

#include "host/pool.h"

/* Pools that a thread may be inside of at once: by calls in callbacks and in functions of serial
 * pools, and by calls that it has jumped out of. Beyond these it is not noticed. */
enum { NESTED = 64 };

static _Thread_local struct {
    volatile uint64_t ids[NESTED];
    volatile unsigned count;
} inside;

uint64_t pool__next_id(void)
{
    static _Atomic uint64_t last;
    return atomic_fetch_add(&last, 1) + 1;
}

bool pool__is_inside(const pool_t *pool)
{
    for (unsigned i = 0; i < inside.count && i < NESTED; i++)
        if (inside.ids[i] == pool->id)
            return true;
    return false;
}

static void add(const pool_t *pool)
{
    unsigned count = inside.count;
    if (count < NESTED)
        inside.ids[count] = pool->id;
    inside.count = count + 1;
}

int pool__enter(pool_t *pool)
{
    if (pool__is_inside(pool))
        return POOL_EBUSY;
    add(pool);
    atomic_fetch_add(&pool->inside, 1);
    pthread_mutex_lock(&pool->lock);
    return 0;
}

int pool__enter_within(pool_t *pool, int milliseconds)
{
    struct timespec until;
    if (pool__is_inside(pool))
        return POOL_EBUSY;
    clock_gettime(CLOCK_REALTIME, &until);
    long nanoseconds = until.tv_nsec + milliseconds % 1000 * 1000000L;
    until.tv_sec += milliseconds / 1000 + nanoseconds / 1000000000L;
    until.tv_nsec = nanoseconds % 1000000000L;
    add(pool);
    atomic_fetch_add(&pool->inside, 1);
    if (pthread_mutex_timedlock(&pool->lock, &until) == 0)
        return 0;
    atomic_fetch_sub(&pool->inside, 1);
    inside.count--;
    return -ETIMEDOUT;
}

/* The last use of the pool is the unlocking: pool_free() looks at `inside` with the lock held. */
void pool__leave(pool_t *pool)
{
    atomic_fetch_sub(&pool->inside, 1);
    if (pool->emptying)
        pthread_cond_broadcast(&pool->changed);
    pthread_mutex_unlock(&pool->lock);
    inside.count--;
}

void pool__step_out(pool_t *pool)
{
    pthread_mutex_unlock(&pool->lock);
    inside.count--;
}

void pool__step_in(pool_t *pool)
{
    add(pool);
    pthread_mutex_lock(&pool->lock);
}
