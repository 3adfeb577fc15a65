/* Runs in the host: makes and frees the memory of a pool, and decides which calls may use the pool.
 * It starts and ends no process, and opens no descriptor that stays. pool__deallocate() also runs
 * in a forked copy of the host. */
#include "host/engine/pool.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>
#include <uv.h>

#include "common/board.h"
#include "common/descriptor.h"
#include "common/image.h"
#include "common/nesting.h"
#include "common/roles.h"
#include "host/base/arena.h"
#include "host/base/inside.h"
#include "host/job/queue.h"
#include "host/job/report.h"
#include "host/pool.h"
#include "host/process/members.h"
#include "host/transport/board/account.h"
#include "host/transport/inline/inline.h"
#include "host/transport/transport.h"

int pool__check(const pool_t *pool)
{
    if (!pool)
        return POOL_ENOPOOL;
    bool foreign = pool__home() && pool__home() != pool->home;
    return pool->owner == getpid() && !foreign ? 0 : POOL_EFORKED;
}

int pool__go_inside(pool_t *pool)
{
    int error = pool__check(pool);
    return error ? error : pool__enter(pool);
}

int pool__check_phase(const pool_t *pool)
{
    if (pool->phase == POOL__RUNNING_PHASE)
        return 0;
    return pool->broken ? POOL_EBROKEN : POOL_ECLOSED;
}

int pool__admit(pool_t *pool, const pool_map_options_t *options)
{
    int error = pool__check_phase(pool);
    return error ? error : pool__queue_reserve(&pool->queue, options && options->timeout > 0);
}

pool_t *pool__new(void)
{
    pthread_condattr_t monotonic;
    pool_t *pool = calloc(1, sizeof *pool);
    if (!pool)
        return NULL;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&pool->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&pool->lock, NULL);
    pool->id = pool__next_id();
    pool->owner = getpid();
    pool->home = pool__home();
    pool__queue_init(&pool->queue);
    pool->supervisor_pidfd = -1;
    pool->launch.board_file = pool->launch.driver_bell = pool->epoll = pool->alarm = -1;
    pool->alarm_at = UINT64_MAX;
    return pool;
}

int pool__allocate(pool_t *pool)
{
    int processes = pool->launch.options.processes;
    int *file = pool->transport->in_host ? NULL : &pool->launch.board_file;
    int error = pool__board_map(&pool->board, file, processes, (int)uv_available_parallelism());
    if (error)
        return error;
    pool->launch.board = pool->board;
    pool->writable = pool__writable(pool->board);
    pool__arena_init(&pool->items_arena, pool->board->items_start, pool->board->host_half);
    pool__arena_init(&pool->results_arena, pool->board->results_start, pool->board->size);
    pool->members = calloc((size_t)processes, sizeof *pool->members);
    if (!pool->members)
        return -ENOMEM;
    pool->numbers_given = processes;
    pool->courtesy = processes;
    error = pool__chunks_init(pool);
    return error ? error : pool__image_take(&pool->launch.image);
}

void pool__deallocate(pool_t *pool)
{
    while (pool->shared) {
        struct shared_array *next = pool->shared->next;
        free(pool->shared);
        pool->shared = next;
    }
    pool__queue_fini(&pool->queue);
    pool__report_clear(&pool->report);
    pool__arena_fini(&pool->items_arena);
    pool__arena_fini(&pool->results_arena);
    pool__chunks_fini(pool);
    pool__image_fini(&pool->launch.image);
    pool__close(&pool->launch.board_file);
    pool__board_unmap(pool->board);
    pool__inline_close(pool->inline_worker);
    pool__share_release(pool->share);
    free(pool->members);
    /* In a forked copy, a thread that the copy does not have may hold the lock. */
    if (pool->owner == getpid()) {
        pthread_cond_destroy(&pool->changed);
        pthread_mutex_destroy(&pool->lock);
    }
    free(pool);
}
