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
    struct pool__attachment *attachment; /* to a libuv loop; NULL: there is none */
    struct shared_array {
        struct shared_array *next;
        struct pool__extent *extent;
    } * shared;
};

/* ---- pool.c ---- */

/* Whether calls from this process may use the pool: 0, POOL_ENOPOOL or POOL_EFORKED. */

struct pool__death;

/* Writes into pool->why how the worker failed to start: what its initializer said, or its death. */

/* Has workers leave if the pool is closed and nothing is left to do. With the lock held. */

/* ---- spawn.c ---- */

/* Opens the pipes and the channel, and forks the supervisor from a process in between, so that it is
 * nobody's child here. Returns 0 or a negated errno value, then with nothing left open. */

/* Closes what is still open of that. */

/* ---- wait.c ---- */

/* Reads what the supervisor has said, without waiting. */

/* Waits until something may have happened, `milliseconds` at most (negative: no limit), with
 * `outstanding` chunks: half of them to be done; or any, if `eager` or there is no more work for one
 * who is done. Spins first when that is likely to pay. Needs no lock, but one thread at a time. */

/* Blocks until the result bell rings, the supervisor says something, somebody nudges, or time is up. */

/* For pool_fileno(): opens the descriptor (0 or a negated errno value); has it become readable with
 * the next commit, or returns false: there has been one already; empties the result bell. */

/* Has pool_fileno() become readable when there is something to do, now or later. */

/* Has it become readable when the first deadline has come, and at once while a loop's thread has
 * something to do that no other may, or pool_step() has not told of what other calls have taken. */

/* Wakes the thread that waits for all, if there is one: something has changed on this side. Of a serial
 * pool, all that wait. */

/* Sends the supervisor a message; it reads them all. Returns whether there was room for it. */

/* Wakes as many sleeping workers as there are queued chunks; or one. */

/* Asks the supervisor for workers that left for want of work. */

/* Wakes all workers, and calls back those who left, whatever their slots say. */

/* ---- chunks.c ---- */

/* How many chunks are under way. */

/* Settles every chunk that has been committed, serves every one that is full. Returns whether there
 * was one. */

/* Compares the board with the host's account, chunk by chunk, and mends what differs; settles what
 * the worker that died (NULL: nobody) was running. */

/* Cancels what is in the mailbox of workers that there are to be no more, and has not been claimed. */

/* Takes all outstanding chunks back: the pool is gone. Their items are lost. */

/* Ends the job's items that have not started as `kind`; with `kill`, also those that run, and kills
 * their workers. */

/* ---- loop.c: with the lock held ---- */

/* Whether the pool is on a loop that is another thread's: callbacks are made there. */
bool pool__loop_elsewhere(const pool_t *pool);

/* Whether there is something that only the loop's thread may do. */
bool pool__loop_wanted(const pool_t *pool);

/* Has uv_run() go on while calls have not ended; does nothing in other threads than the loop's. */
void pool__loop_hold(pool_t *pool);

/* Takes the pool from its loop; the handle closes by itself. */

/* ---- serial.c: pools without processes; with the lock held, but while functions of the user's run ---- */

static inline bool pool__is_serial(const pool_t *pool)
{
    return pool->launch.options.serial;
}

/* The pool in whose function, run serially, this thread is: NULL in none. Other pools than those made
 * there are another process's to it, as they would be in a worker. */

/* What pools made by this thread take their processes from; NULL: there is no bound. */

/* Makes what a serial pool has instead of a supervisor, without the lock: an inline worker; runs its
 * initializer. Return 0 or a negative code. */

/* Whether there is a chunk that this thread could run now; runs one, and says whether it did. */

/* Ends the inline worker in peace if the pool is closing. */

/* Ends it when the function it runs returns; items that have not started never will. */

/* ---- shared.c ---- */

/* Whether [data, data + bytes) lies in one of the pool's shared arrays. */

/* Gives memory back that only large calls needed. */

/* ---- check.c ---- */

/* Checks a call and all it refers to. Returns 0 or the code of what is wrong. */

/* ---- drive.c: the calls below hold the lock, but while they wait or call back ---- */

/* Puts a job among those to be run, and gives out what it can. */

/* A job for pool__prepare(), or NULL. With the lock held, as pool__job_free(). */

/* Takes a future back that nobody holds and the pool has done with. */

/* The first deadline of all jobs, or `deadline` if that is earlier. */

/* Has all threads that wait look again, and the one that drives the pool. */

/* Whether there are callbacks to be made that no thread is about to make. */

/* Whether this thread is in one of the pool's callbacks. */
bool pool__in_callback(const pool_t *pool);

/* Steps and waits until `over(argument)`, `milliseconds` at most (negative: no limit). Returns 0,
 * -ETIMEDOUT, or POOL_EBUSY in a callback. */

#endif
