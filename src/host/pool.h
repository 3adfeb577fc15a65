/* What the files of the host share: the pool as the host keeps it.
 *
 * All of this is the host's private account. The board tells what workers did; what is outstanding,
 * where it lies and to which job it belongs is known from here alone. */
#ifndef POOL_HOST_POOL_H
#define POOL_HOST_POOL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/board.h"
#include "common/control.h"
#include "common/roles.h"
#include "host/arena.h"
#include "host/report.h"
#include "procpool.h"

/* One call that runs items: its source, its sink, and how far it is. */
struct pool__job {
    pool_function_t function;
    pool_in_t in;
    pool_out_t out;
    size_t chunksize; /* 0: automatic */
    size_t next;      /* the first item not yet in a chunk */
    size_t ended;     /* items that have an end */
    size_t failed;
    double item_nanoseconds; /* estimates of what an item takes; 0: not known yet */
    double item_bytes, result_bytes;      /* the same of streams */
    const pool_type_t *item_type, *result_type; /* NULL: plain data; else a stream of this */
    int status;              /* negative: no more items are given out, and why */
    bool in_shared, out_shared;
    bool custom_items, custom_results; /* there are functions of the user's in their types */
};

/* A chunk, by its number on the board. */
struct pool__chunk {
    struct pool__job *job; /* NULL: the number is free */
    uint64_t first, count; /* the items it still has to run */
    uint32_t generation;
    uint64_t position;             /* of its latest ticket in the ring */
    uint64_t items, results;       /* offsets on the board */
    struct pool__extent *item_memory, *result_memory; /* NULL: inline, or shared */
    uint64_t room;      /* bytes at `results` */
    uint64_t taken;     /* how many of its items have an end */
    uint64_t result_at; /* of a stream: how far it has been read */
};

struct pool__person {
    pid_t pid; /* 0: being replaced */
    uint32_t life;
};

enum pool__phase {
    POOL__RUNNING_PHASE, /* takes work */
    POOL__CLOSED_PHASE,  /* takes none; workers leave */
    POOL__GONE_PHASE     /* the supervisor is gone, and with it all workers */
};

struct pool {
    pid_t owner;
    enum pool__phase phase;
    bool broken;      /* by itself: it was not told to end */
    char why[1400];   /* what broke it */
    struct pool__crossing crossing;
    struct pool__board *board;
    struct pool__desk *desk;
    pid_t supervisor;
    int supervisor_pidfd;
    bool hello;
    int hello_status;
    struct pool__arena items_arena, results_arena;
    struct pool__chunk *chunks; /* by number; of POOL__CHUNKS, the first `numbers` have been used */
    uint32_t numbers;
    uint32_t *free_numbers; /* a stack of those of them that are free */
    uint32_t free_count;
    uint64_t bytes; /* in the chunks that are outstanding */
    struct pool__person *people; /* by worker number */
    size_t replaced;
    int trial_status;  /* how the last copy of the host died */
    size_t repairs;    /* lost wake-ups and tickets found by the tick */
    uint64_t patience; /* nanoseconds a spin may take */
    struct pool__report report;
    size_t items; /* of the last call, for printing */
    struct shared_array {
        struct shared_array *next;
        struct pool__extent *extent;
    } *shared;
};

/* ---- pool.c ---- */

/* Whether calls from this process may use the pool: 0, POOL_ENOPOOL or POOL_EFORKED. */
int pool__check(const pool_t *pool);

struct pool__death;

/* Writes into pool->why how the worker failed to start: what its initializer said, or its death. */
void pool__describe_start_failure(pool_t *pool, const struct pool__death *death);

/* ---- spawn.c ---- */

/* Opens the pipes and the channel, and forks the supervisor from a process in between, so that it is
 * nobody's child here. Returns 0 or a negated errno value, then with nothing left open. */
int pool__spawn(pool_t *pool);

/* Closes what is still open of that. */
void pool__close_channels(pool_t *pool);

/* ---- wait.c ---- */

/* Reads what the supervisor has said, without waiting. */
void pool__hear(pool_t *pool);

/* Waits until something may have happened, `milliseconds` at most (negative: no limit). Spins
 * first when that is likely to pay. */
void pool__wait(pool_t *pool, int milliseconds);

/* Wakes as many sleeping workers as there are queued chunks; all when the pool is closing. */
void pool__ring(pool_t *pool);

/* ---- chunks.c ---- */

int pool__chunks_init(pool_t *pool);
void pool__chunks_fini(pool_t *pool);
uint32_t pool__outstanding(const pool_t *pool);

/* Settles every chunk that has been committed, serves every one that is full. Returns whether there
 * was one. */
bool pool__collect(pool_t *pool);

/* How a worker died. */
struct pool__death {
    int worker;
    uint32_t life;
    pid_t pid;
    int status;
    bool faulted, overflow; /* the crash report: see control.h */
    uint64_t address;
};

/* Compares the board with the host's account, chunk by chunk, and mends what differs; settles what
 * the worker that died (NULL: nobody) was running. */
void pool__reconcile(pool_t *pool, const struct pool__death *death);

/* Takes all outstanding chunks back: the pool is gone. Their items are lost. */
void pool__give_up(pool_t *pool);

/* Has all items of a job, whose array of results is prepared, run to their ends; returns what the
 * call returns. */
int pool__run_job(pool_t *pool, struct pool__job *job);

#endif
