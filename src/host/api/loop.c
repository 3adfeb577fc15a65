/* Runs in the host: a pool on a libuv loop of the program's. It owns one handle on the loop.
 *
 * The loop polls the descriptor of pool_fileno(), and each of its callbacks is one pool_step(). The
 * loop's thread has three duties: to hold the loop while calls have not ended, to let it go
 * afterwards, and to make callbacks. The pool's state shows which duties are undone. As long as any
 * is, the alarm keeps the descriptor readable. So no other thread ever touches the loop, and
 * nothing that another thread does can be missed. */
#include "host/api/loop.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>
#include <uv.h>

#include "common/descriptor.h"
#include "host/base/inside.h"
#include "host/engine/alarm.h"
#include "host/engine/home.h"
#include "host/engine/pool.h"
#include "host/engine/waiter.h"
#include "host/pool.h"

struct attachment {
    uv_poll_t poll; /* the first member: the loop gives a pointer to it back */
    struct pool__callback_home home;
    pool_t *pool;     /* NULL: the pool was detached */
    pthread_t thread; /* the thread that runs the loop, or that has prepared it */
    int descriptor;   /* in a forked copy that has detached the pool: the pool's epoll; else -1 */
};

static struct attachment *attachment_of(const struct pool__callback_home *home)
{
    return home ? (struct attachment *)((uintptr_t)home - offsetof(struct attachment, home)) : NULL;
}

/* ---- What the engine asks ---- */

static bool is_here(const struct pool__callback_home *home)
{
    return pthread_equal(attachment_of(home)->thread, pthread_self());
}

/* uv_run() goes on as long as a handle is referenced. */
static void hold(struct pool__callback_home *home, bool unfinished)
{
    struct attachment *attachment = attachment_of(home);
    home->held = unfinished;
    if (unfinished)
        uv_ref((uv_handle_t *)&attachment->poll);
    else
        uv_unref((uv_handle_t *)&attachment->poll);
}

/* ---- What the loop calls ---- */

static void on_closed(uv_handle_t *handle)
{
    struct attachment *attachment = (struct attachment *)handle;
    pool__close(&attachment->descriptor);
    free(attachment);
}

static void close_handle(struct attachment *attachment)
{
    uv_handle_t *handle = (uv_handle_t *)&attachment->poll;
    if (!uv_is_closing(handle)) /* the program may have closed every handle on its loop */
        uv_close(handle, on_closed);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct attachment *attachment = (struct attachment *)poll;
    pool_t *pool = attachment->pool;
    (void)status, (void)events;
    /* A forked copy of the host runs the loop: the pool is the host's, or the copy has detached
     * it. */
    if (!pool || pool->owner != getpid()) {
        pool__detach(pool);
        close_handle(attachment);
        return;
    }
    if (pool__enter(pool) < 0)
        return;
    attachment->thread = pthread_self(); /* another thread may have prepared the loop */
    pool__leave(pool);
    pool_step(pool);
}

/* ---- Attaching ---- */

static int attach(pool_t *pool, uv_loop_t *loop)
{
    int error = pool->epoll < 0 ? pool__open_epoll(pool) : 0;
    if (error)
        return error;
    struct attachment *attachment = malloc(sizeof *attachment);
    if (!attachment)
        return -ENOMEM;
    error = uv_poll_init(loop, &attachment->poll, pool->epoll);
    if (error) {
        free(attachment);
        return error;
    }
    attachment->pool = pool;
    attachment->thread = pthread_self();
    attachment->home = (struct pool__callback_home){is_here, hold, .held = true};
    attachment->descriptor = -1;
    pool->callback_home = &attachment->home;
    error = uv_poll_start(&attachment->poll, UV_READABLE, on_readable);
    if (error)
        pool__detach(pool);
    pool__attend(pool);
    return error;
}

/* In the host the handle is closed. A forked copy of the host may share the loop's epoll in the
 * kernel with the host, and closing the handle would remove the descriptor from the host's loop. In
 * a copy the handle keeps the descriptor, and is closed only if the copy runs the loop. */
void pool__detach(pool_t *pool)
{
    struct attachment *attachment = pool ? attachment_of(pool->callback_home) : NULL;
    if (!attachment)
        return;
    pool->callback_home = NULL;
    attachment->pool = NULL;
    if (pool->owner == getpid()) {
        close_handle(attachment);
        return;
    }
    uv_unref((uv_handle_t *)&attachment->poll);
    attachment->descriptor = pool->epoll;
    pool->epoll = -1;
}

int pool_attach(pool_t *pool, uv_loop_t *loop)
{
    int error = pool__go_inside(pool);
    if (error)
        return error;
    if (pool__calls_elsewhere(pool))
        error = -EINVAL;
    else if (!loop)
        pool__detach(pool);
    else if (!pool->callback_home)
        error = attach(pool, loop);
    else if (attachment_of(pool->callback_home)->poll.loop != loop)
        error = -EBUSY;
    pool__announce(pool); /* after a detach any thread may make the callbacks that are due */
    pool__set_alarm(pool);
    pool__leave(pool);
    return error;
}
