/* What the files of the host share: the pool as the host keeps it.
 *
 * All of this is the host's private account. The board tells what workers did; what is outstanding,
 * where it lies and to which job it belongs is known from here alone. */
#ifndef POOL_HOST_POOL_H
#define POOL_HOST_POOL_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/board.h"
#include "common/control.h"
#include "common/roles.h"
#include "host/base/arena.h"
#include "host/job/report.h"
#include "procpool.h"

enum pool__phase {
    POOL__RUNNING_PHASE, /* takes work */
    POOL__CLOSED_PHASE,  /* takes none; workers leave */
    POOL__GONE_PHASE     /* the supervisor is gone, and with it all workers */
};

struct pool {
    pid_t owner;
    struct pool *home;         /* the serial pool in whose function it was made; NULL: in none */
    struct pool__share *share; /* the processes it may have: see common/nesting.h */
    enum pool__phase phase;
    bool broken; /* by itself: it was not told to end */
    bool
        ending; /* the supervisor was told to kill all workers; the inline worker gets no more chunks */
    char why[1400]; /* what broke it */
    struct pool__launch launch;
    struct pool__board *board;
    struct pool__writable *writable;
    pid_t supervisor;
    int supervisor_pidfd;
    bool hello;
    int hello_status;
    struct pool__arena items_arena, results_arena;
    struct pool__chunk *chunks; /* by number; of POOL__CHUNKS, the first `numbers` have been used */
    uint32_t numbers;
    uint32_t *free_numbers; /* a stack of those of them that are free */
    uint32_t free_count;
    uint32_t condemned;           /* numbers, and their memory, that are not used again */
    uint64_t bytes;               /* in the chunks that are outstanding */
    uint32_t parked;              /* how many of these are */
    struct pool__member *members; /* by worker number */
    int numbers_given;            /* the most workers there were to be: all numbers are below */
    size_t replaced;
    int dry_run_status; /* how the last copy of the host died */
    size_t repairs;     /* lost wake-ups and tickets found by the tick */
    uint64_t look_at;   /* when the tick is due; 0: nobody has waited yet for what is outstanding */
    uint64_t patience;  /* nanoseconds a spin may take */
    struct pool__report report;
    size_t items;                 /* of the last call, for printing */
    struct pool_future *jobs;     /* that have not ended; higher priority, then older, first */
    struct pool_future *finished; /* whose callbacks are to be called, oldest first */
    size_t unfinished;            /* how many are in the two lists */
    struct pool_future *spare; /* freed futures: kept, so that a stale pointer can be told as one */
    pthread_mutex_t lock;
    pthread_cond_t changed; /* a job has ended, or nobody drives the pool any more */
    bool driving;           /* a thread waits for the workers, for all */
    bool calling;           /* a callback is running, in the thread `caller` */
    pthread_t caller;
    struct worker *inline_worker; /* of a serial pool, until it ends */
    bool running;      /* it runs a function of the user's: one thread, without the lock */
    int epoll, alarm;  /* for pool_fileno(), and the timer in it; -1 until it is asked for */
    uint64_t alarm_at; /* when the timer makes it readable; UINT64_MAX: never */
    bool news;         /* something was announced, and nobody has called pool_step() since */
    struct pool__callback_home *callback_home; /* NULL: callbacks are made in any thread */
    struct shared_array {
        struct shared_array *next;
        struct pool__extent *extent;
    } * shared;
};

static inline bool pool__is_serial(const pool_t *pool)
{
    return pool->launch.options.serial;
}

#endif
