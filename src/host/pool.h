/* The pool as the host keeps it: the struct that the files of the host share.
 *
 * All of it is the host's private account; workers cannot write here. The board tells what workers
 * did. Which chunks are outstanding, where they lie and to which job they belong is known from here
 * alone. The lock guards all members that change once pool_create() has returned. */
#ifndef POOL_HOST_POOL_H
#define POOL_HOST_POOL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/board.h"
#include "common/control.h"
#include "common/roles.h"
#include "common/spin.h"
#include "host/base/arena.h"
#include "host/job/queue.h"
#include "host/job/report.h"
#include "procpool.h"

enum pool__phase {
    POOL__RUNNING_PHASE, /* the pool takes calls */
    POOL__CLOSED_PHASE,  /* the pool takes no calls; workers leave when the last has ended */
    POOL__GONE_PHASE     /* the supervisor, or the inline worker, has ended: no worker is left */
};

struct pool {
    uint64_t id; /* of no other pool of the process: see base/inside.h */
    const struct pool__transport_ops *transport;
    pid_t owner;               /* the process that made the pool */
    struct pool *home;         /* the serial pool in whose function it was made; NULL: in none */
    struct pool__share *share; /* the processes that the pool may have: see common/nesting.h */
    enum pool__phase phase;
    /* The pool ended by itself: it was not told to. */
    bool broken;
    /* The supervisor was told to kill all workers; an inline worker gets no more chunks. */
    bool ending;
    /* What broke the pool, or how a worker failed to start. */
    char why[1400];
    struct pool__launch launch;
    struct pool__board *board;
    struct pool__writable *writable;

    /* The supervisor, and what it said first: see POOL__HELLO. */
    pid_t supervisor;
    int supervisor_pidfd; /* -1: there is none */
    bool hello;           /* it has come */
    int hello_status;
    uint64_t
        tell_at;    /* when to have it look again, since a message could not be sent; 0: all were */
    int unanswered; /* questions since its last sign of life */

    /* Chunks and the board's memory: see transport/board/account.h. */
    struct pool__arena items_arena, results_arena;
    struct pool__chunk *chunks; /* by number: POOL__CHUNKS of them */
    uint32_t numbers;           /* the numbers below this one have been used */
    uint32_t *free_numbers;     /* a stack of used numbers that are free again */
    uint32_t free_count;
    uint32_t displaced; /* queued chunks whose mailbox held another, at most */
    uint32_t condemned; /* numbers that are not used again, and neither is their memory */
    /* Of each ring: the chunks that are outstanding and were queued there, the highest priority
     * among them, and how many have that. */
    struct pool__rank {
        uint32_t chunks, top;
        int priority;
    } rings[POOL__RINGS];
    int courtesy; /* how often small calls may still overtake large ones: see board/express.h */
    _Atomic uint64_t collected; /* `commits` on the board when the host collected last; read without
                                   the lock */
    uint64_t armed_at;          /* when the driving thread armed the board */
    uint64_t bytes; /* what counts against the option `budget`: the memory of outstanding
                           chunks, and the accumulators of folds in the host's own memory */

    /* Workers: see process/members.h. */
    struct pool__member *members; /* by worker number */
    int numbers_given;            /* the most workers that the pool was ever to have: `members`
                                     has as many entries, and all worker numbers are below */
    size_t replaced;              /* workers that were started to replace others */

    pool_error_t unplaceable; /* of the latest item that could not be put on the board */
    size_t repairs;           /* lost wake-ups and tickets that the tick has found */
    uint64_t look_at;         /* when the tick is due; 0: there was no job at the last step */
    struct pool__spin spin;   /* the host's wait for workers: see transport/board/wake.c */

    /* What pool_errors() and pool_print_errors() tell of the last blocking call. */
    struct pool__report report;
    size_t items; /* the items that the call had */
    int code;     /* what the call returned, if it was negative; else 0 */

    struct pool__queue queue;   /* lists of jobs */
    struct pool__array *arrays; /* through which pool_as_completed() goes: see api/set.c */

    /* Threads: see engine/drive.c. */
    pthread_mutex_t lock;
    _Atomic unsigned inside; /* threads in calls on the pool; written without the lock too */
    bool emptying;           /* pool_free() waits until no other thread is inside */
    pthread_cond_t changed;  /* fewer threads are inside, or a function of the user's returned */
    struct pool__waiter *sleepers, *last_sleeper; /* threads that sleep, oldest first */
    struct pool__waiter *driver; /* the thread that sleeps until workers have something to say */
    uint64_t driven_until;       /* when it looks in any case */
    bool driven_eagerly;         /* it looks at every commit */
    _Atomic unsigned interrupts; /* calls of pool_interrupt(), which writes it without the lock */
    unsigned answered;           /* its value when a call last returned -EINTR */
    bool calling;                /* a callback runs, in the thread `caller` */
    pthread_t caller;
    struct worker *inline_worker; /* of a serial pool, until it ends; else NULL */
    bool running; /* the inline worker runs a function of the user's: in one thread, unlocked */

    /* For programs with an event loop. */
    int epoll;         /* the descriptor of pool_fileno(); -1: it was not asked for yet */
    int alarm;         /* the timer in it; -1: the same */
    uint64_t alarm_at; /* the time that the timer is set to; UINT64_MAX: it is not set */
    bool news;         /* something was announced, and pool_step() has not returned since */
    struct pool__callback_home *callback_home; /* NULL: callbacks are made in any thread */

    /* Shared arrays that have not been freed: see api/shared.c. */
    struct shared_array {
        struct shared_array *next;
        struct pool__extent *extent;
    } * shared;
};

#endif
