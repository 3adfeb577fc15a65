/* Runs in the host: a pool on a libuv loop of the program's.
 *
 * The loop polls pool_fileno(), and its callback is one pool_step(). Everything is done by level: what
 * the loop's thread should do and has not done yet - hold the loop, let it go, make callbacks - is seen
 * from the pool's state, and as long as there is any the alarm keeps pool_fileno() readable. So other
 * threads never touch the loop, and nothing they do can be missed. */
#include "host/api/loop.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>
#include <uv.h>

#include "common/descriptor.h"
#include "host/engine/bell.h"
#include "host/engine/home.h"
#include "host/engine/pool.h"
#include "host/pool.h"

struct attachment {
    uv_poll_t poll; /* first: what the loop gives back */
    struct pool__callback_home home;
    pool_t *pool; /* NULL: detached */
    pthread_t thread;
    int descriptor; /* in a forked copy that has freed the pool: its epoll; else -1 */
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

/* The handle is referenced while calls have not ended, so that uv_run() goes on. */
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
    if (!uv_is_closing(handle)) /* the program may have closed all there was on its loop */
        uv_close(handle, on_closed);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct attachment *attachment = (struct attachment *)poll;
    pool_t *pool = attachment->pool;
    (void)status, (void)events;
    if (!pool || pool->owner != getpid()) { /* a forked copy of the loop */
        pool__detach(pool);
        close_handle(attachment);
        return;
    }
    pthread_mutex_lock(&pool->lock);
    attachment->thread = pthread_self(); /* who runs the loop may be another than who prepared it */
    pthread_mutex_unlock(&pool->lock);
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

/* In a forked copy the loop's kernel side may still be the host's, and closing a handle would take it
 * from there: the handle keeps the descriptor, and closes itself should the copy run the loop. */
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
    int error = pool__check(pool);
    if (error)
        return error;
    pthread_mutex_lock(&pool->lock);
    if (pool__calls_elsewhere(pool))
        error = -EINVAL;
    else if (!loop)
        pool__detach(pool);
    else if (!pool->callback_home)
        error = attach(pool, loop);
    else if (attachment_of(pool->callback_home)->poll.loop != loop)
        error = -EBUSY;
    pool__announce(pool); /* callbacks that were the loop's are anybody's */
    pool__set_alarm(pool);
    pthread_mutex_unlock(&pool->lock);
    return error;
}
