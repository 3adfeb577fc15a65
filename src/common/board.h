/* The board: the one piece of memory that all processes of a pool share.
 *
 * The host maps the board before it forks the supervisor, so the board lies at the same address in
 * every process. It has two halves:
 *
 * - The host's half. Supervisor and workers only read it. A stray write there crashes the worker
 *   that makes it, and the pool lives on. If a file lies behind the half (see backing.h), no
 *   mprotect() in a worker makes it writable. Without a file, mprotect() does.
 * - The writable half. Every worker may write anywhere in it, so any byte of it may hold a wrong
 *   value. A process that reads a number there copies it once, checks the copy, and uses only the
 *   copy. It holds no pid and no pointer that another process would use.
 *
 * The board is the queue. The host publishes a chunk: it fills the chunk's order, sets the chunk's
 * cell to QUEUED, writes the chunk's ticket into the ring, and advances `tail`. A worker claims the
 * chunk by one compare-and-swap on the cell, QUEUED -> RUNNING(worker), and commits it by another,
 * RUNNING(worker) -> DONE. The bell and the futexes only wake; they carry no information. So
 * nothing is lost when a process is woken and dies.
 */
#ifndef POOL_COMMON_BOARD_H
#define POOL_COMMON_BOARD_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "procpool.h"

enum {
    POOL__LINE = 64,          /* a cache line: fields with different writers are this far apart */
    POOL__CHUNKS = 4096,      /* chunks that can be outstanding in one pool; a power of two */
    POOL__INLINE_ITEM = 32,   /* bytes of items that fit into an order itself */
    POOL__INLINE_RESULT = 32, /* bytes of results that fit into a cell itself */
    POOL__FAILURES = 4096     /* bytes for the failure records of one chunk */
};

/* Before each value of a stream. A stream holds items or results that are not plain data. The value
 * follows in the flat form; the next entry begins at the next multiple of 16. */
struct pool__entry {
    uint64_t index; /* of the item; in a stream of results counted as in the order */
    uint64_t size;  /* bytes of the value */
};

/* The queues of tickets. A worker takes the oldest ticket of the first ring that has one. */
enum {
    POOL__RINGS = 4,
    POOL__COMMON = POOL__RINGS - 1 /* the last; chunks in the others overtake those in it */
};

/* What a chunk is. In the host's half: the host writes it before it publishes the chunk, and
 * workers read it. That is safe because an order is constant from then until the host has settled
 * the chunk, with two exceptions: `results` and `room` change while the owner waits in state FULL,
 * and `cancelled` is atomic. */
struct pool__order {
    alignas(POOL__LINE) pool_function_t function;
    uint64_t first;   /* index of the chunk's first item, counted from the call's option `first` */
    uint64_t count;   /* items in the chunk */
    uint64_t items;   /* where the items lie: bytes from the board's start */
    uint64_t results; /* where the results go: the same */
    uint64_t room;    /* bytes at `results` */
    uint64_t item_size;
    uint64_t result_size;
    const pool_type_t *item_type;   /* NULL: plain data, one item after the other; else a stream */
    const pool_type_t *result_type; /* the same for results */
    uint8_t shared;                 /* results go straight into the caller's shared array */
    uint8_t fold;   /* results are two copies of an accumulator: see host/transport/board/block.h */
    uint8_t urgent; /* a failure wakes the host at once */
    uint8_t keyed;  /* the seeds of the items lie on the board */
    _Atomic uint32_t cancelled; /* enum pool__cancelled, set by the host at any time */
    uint64_t seed; /* of the call; keyed: where the seeds lie, from the board's start */
    alignas(16) unsigned char item[POOL__INLINE_ITEM];
};

/* What becomes of a chunk. In the writable half. The chunk's owner is the worker that has claimed
 * it. Before the host queues the chunk, it sets `progress`, `failures` and, for a stream, `used` to
 * 0.
 */
struct pool__cell {
    /* The chunk's word: see chunk.h. Written by the host and by workers. Safe because each change
     * that two processes could make is one compare-and-swap, so exactly one of them makes it. */
    alignas(POOL__LINE) _Atomic uint64_t state;
    /* 2i+1 while the chunk's item i runs, 2i+2 once it has ended. Written by the owner; read by the
     * host, which learns from it what has ended and which item a dead owner is blamed for. Safe
     * because the host reads it after the owner has died, committed or turned the word to FULL, or
     * after the host has taken the word away, and takes no value that the chunk cannot have. */
    _Atomic uint64_t progress;
    /* How long the chunk took. Written by the owner before it commits, read by the host afterwards.
     * Safe because it is a hint for the size of later chunks, and no more. */
    uint64_t nanoseconds;
    /* Bytes used in the chunk's failure records. Written by the owner; read by the host when the
     * chunk is settled, and by the owner when it commits. Safe because the reader of the records
     * checks this number and every record. */
    _Atomic uint32_t failures;
    /* A futex. The host adds one when it has answered FULL; the owner waits for that. Safe because
     * the owner looks at `state` after every wait, and waits for a second at most. */
    _Atomic uint32_t answered;
    /* Which of the two is in use depends on the order: small plain results, or a stream. */
    union {
        /* Written by the owner, read by the host once the chunk has been committed or its owner has
         * died. Any bytes are a result, so a wrong one cannot be told from a right one. */
        alignas(16) unsigned char result[POOL__INLINE_RESULT];
        struct {
            /* Bytes of the stream of results. Written by the owner; read by the host when it takes
             * results, no further than the room it has given. */
            _Atomic uint64_t used;
            /* In state FULL: bytes that the next entry needs. Written by the owner before it turns
             * to FULL; read by the host, which gives more room only if there is memory for it. */
            _Atomic uint64_t wanted;
        } stream;
    };
};

/* Whether a worker may start a further item of a chunk. */
enum pool__cancelled {
    POOL__GOES_ON,
    POOL__STOPPED, /* no: the call was cancelled, or is out of time */
    POOL__CUT /* no: the worker commits what it has done, so that it can run another chunk first */
};

/* State of the worker in a slot. A worker sleeps on this word as a futex. */
enum pool__wake_state {
    POOL__VACANT,    /* no worker has this slot */
    POOL__SUCCESSOR, /* it has started before its predecessor has ended, and waits for AWAKE */
    POOL__AWAKE,     /* it works, starts, or looks for work */
    POOL__SPINNING,  /* it looks for work again and again, and will claim without being woken */
    POOL__ASLEEP,    /* it sleeps, or is about to: the host has to wake it */
    POOL__WOKEN      /* the host has woken it, and it does not run yet */
};

/* The words of one worker. In the writable half. Each worker number has two slots, one for its odd
 * lives and one for its even lives, so that a successor can start while its predecessor works. */
struct pool__slot {
    /* The worker writes AWAKE, SPINNING and ASLEEP. The host turns ASLEEP to WOKEN. The supervisor
     * writes AWAKE or SUCCESSOR before it forks, turns SUCCESSOR to AWAKE when the predecessor has
     * ended, and writes VACANT when the worker has ended. Workers and host read it. Safe because a
     * worker that misses a wake-up looks again after some seconds. */
    alignas(POOL__LINE) _Atomic uint32_t wake_state;

    /* The next three hold a life (see chunk.h). The worker writes its own life, the supervisor
     * reads it. Safe because what an earlier life has left there is not the life that the
     * supervisor compares with. */
    _Atomic uint32_t ready;           /* the life whose initializer has succeeded */
    _Atomic uint32_t left_idle;       /* the life that left because there was nothing to do: the
                                         supervisor does not replace it until there is work */
    _Atomic uint32_t wants_successor; /* the life that will leave soon, and wants a successor */
    /* A hint: the chunk that the worker has claimed last. Written by the worker, read by the host when
     * it looks for a chunk to cut. Safe because the host looks at that chunk's word, and a chunk that
     * is cut without need goes on later. */
    _Atomic uint32_t claimed;
    /* Bytes used in the worker's failure records, which say why its initializer failed. Written by
     * the worker, set to 0 by the supervisor before it forks. Read by the host when the worker has
     * died in its start. Safe because the reader of the records checks this number and them. */
    _Atomic uint32_t failures;
    /* The crash report. `signal` is set to 0 by the supervisor before it forks. The worker's signal
     * handler writes the other two fields first, then `signal`. The supervisor reads them when the
     * worker has died. Safe because they count only if `signal` is the signal that killed the
     * worker, and then they change only the text of an error. */
    _Atomic int32_t signal;
    uint32_t overflow; /* 1: the address lies where the stack ends */
    uint64_t address;  /* that the kernel gave with the signal */
};

/* What a dry run reports: a copy of the host that runs a user's pack or unpack functions first. In
 * the host's half. Written by the copy and by the process between it and the host; read by the host
 * once both have ended. */
struct pool__dry_run {
    bool finished;   /* the copy came to its end */
    int error;       /* negated errno: the copy could not be made; 0: it was */
    int status;      /* the copy's, as from waitpid() */
    int placing;     /* what became of the item after those that passed: enum pool__placing */
    int code;        /* what the function said that failed on that item */
    uint64_t passed; /* items without fault */
    uint64_t bytes;  /* room that the items that passed take */
    uint64_t needed; /* room that the next item needs */
};

struct pool__board {
    /* The host's half. Only the host and its dry runs write here. Workers and supervisor read. */

    /* The next five are constant once the board is mapped. */
    size_t size;        /* bytes of the whole board */
    size_t host_half;   /* bytes of the host's half */
    size_t items_start; /* offset of the arena of items, which reaches to host_half */
    size_t
        results_start; /* offset of the arena of results and shared arrays, which reaches to size */
    int processors;    /* processors that the pool may use */
    /* How many workers there should be. A worker whose number is not below it leaves. */
    _Atomic int processes;
    struct pool__dry_run dry_run;
    /* Of each ring: tickets ever written to it. The host advances it after it has written the
     * ticket, so a worker that sees the new tail sees the ticket. */
    alignas(POOL__LINE) _Atomic uint64_t tails[POOL__RINGS];
    /* Tickets ever written to the rings before the common one. The host advances it after the ring's
     * tail, so a worker that sees it unchanged since those rings were empty need not look at them. */
    _Atomic uint64_t express;
    /* 1: the pool is closing. A worker that finds the ring empty leaves. */
    _Atomic uint32_t closing;
    /* 1: the supervisor is to kill all workers, with SIGTERM first, and to end. */
    _Atomic uint32_t terminating;
    /* Ticket number t is at t % POOL__CHUNKS. A worker may read a ticket that is stale: then the
     * chunk's word has another generation, and the claim fails. */
    alignas(POOL__LINE) _Atomic uint64_t rings[POOL__RINGS][POOL__CHUNKS];
    /* By worker number: the ticket of a chunk for that worker alone, or 0. It may be stale too. */
    _Atomic uint64_t mailboxes[POOL_PROCESSES_MAX];
    /* By worker number: the life that the supervisor is to kill, with the one before it; 0: none.
     * It stays when they have ended. */
    _Atomic uint32_t doomed[POOL_PROCESSES_MAX];
    struct pool__order orders[POOL__CHUNKS];
    /* Then items. Then the writable half: struct pool__writable, slots, failure records, results.
     */
};

/* The writable half, as far as its size is fixed. */
struct pool__writable {
    /* Of each ring, a hint: every ticket before it has been claimed. Workers advance it, the host
     * sets it back; both read it. Too low a value costs a longer look. Too high a value is repaired:
     * by a claim or by the host's tick. */
    alignas(POOL__LINE) _Atomic uint64_t heads[POOL__RINGS];
    /* A hint: commits ever made. Workers add, the host reads: it spins or sleeps until this
     * changes. */
    alignas(POOL__LINE) _Atomic uint64_t commits;
    /* The host sleeps until `commits` reaches this; 0: the host is awake. The host writes it. A
     * worker that wakes the host sets it to 0 by compare-and-swap, so that one worker alone does.
     */
    _Atomic uint64_t wake_at;
    /* Not 0: the host has asked for the workers that left because there was nothing to do, and the
     * supervisor has not looked since. The host sets it to 1. The supervisor sets it to 0 before it
     * looks, so a request that is made while it looks is seen at the next look. Safe because the
     * host's tick asks again, whatever the word says. */
    _Atomic uint32_t recall_pending;
    /* A hint, one bit for each chunk: it wants the host's attention. Workers set bits when they
     * commit or turn to FULL; the host clears a bit and then looks at the chunk's word, which
     * decides. */
    alignas(POOL__LINE) _Atomic uint64_t done[POOL__CHUNKS / 64];
    struct pool__cell cells[POOL__CHUNKS];
};

/* Maps a board into `*board`, for a pool that begins with `processes` workers. `*file` becomes the
 * descriptor for pool__board_seal(), which the caller closes; or -1 if no file lies behind the
 * host's half. `file` may be NULL: then no file lies there. Returns 0 or -ENOMEM. Host only. */
int pool__board_map(struct pool__board **board, int *file, int processes, int processors);

/* Unmaps the board; NULL is allowed. */
void pool__board_unmap(struct pool__board *board);

/* Replaces this process's mapping of the host's half by one that nothing makes writable, here and in
 * the processes that it forks. Does nothing if `file` is -1. Returns 0 or a negated errno value;
 * then the host's half may not be mapped any more. Supervisor only. */
int pool__board_seal(struct pool__board *board, int file);

/* Makes the host's half read-only in this process, and keeps the writable half out of its children.
 * So a stray write of the worker cannot harm the host's half, and a process that the worker leaves
 * behind cannot harm the writable half. Returns 0 or a negated errno value. Worker only. */
int pool__board_protect(struct pool__board *board);

static inline unsigned char *pool__board_at(struct pool__board *board, uint64_t offset)
{
    return (unsigned char *)board + offset;
}

static inline uint64_t pool__board_offset(const struct pool__board *board, const void *address)
{
    return (uint64_t)((const unsigned char *)address - (const unsigned char *)board);
}

static inline struct pool__writable *pool__writable(struct pool__board *board)
{
    return (struct pool__writable *)pool__board_at(board, board->host_half);
}

static inline struct pool__slot *pool__slot(struct pool__board *board, int worker, uint32_t life)
{
    return (struct pool__slot *)(pool__writable(board) + 1) + 2 * worker + life % 2;
}

/* Bytes from an entry of a stream, whose value takes `size` bytes, to the next entry. */
static inline uint64_t pool__entry_stride(uint64_t size)
{
    return sizeof(struct pool__entry) + (size + 15) / 16 * 16;
}

/* How many tickets in this ring have not been claimed. A hint, since it relies on the ring's head; 0
 * when that is beyond the tail. */
static inline uint64_t pool__queued_in(struct pool__board *board, unsigned ring)
{
    uint64_t tail = atomic_load(&board->tails[ring]);
    uint64_t head = atomic_load(&pool__writable(board)->heads[ring]);
    return head < tail ? tail - head : 0;
}

/* The same for all rings. */
static inline uint64_t pool__queued(struct pool__board *board)
{
    uint64_t queued = 0;
    for (unsigned ring = 0; ring < POOL__RINGS; ring++)
        queued += pool__queued_in(board, ring);
    return queued;
}

/* Whether the mailbox of this worker holds a chunk that is still queued. */
bool pool__mailbox_full(struct pool__board *board, int worker);

/* Bytes from one copy of an accumulator of `size` bytes to the other. */
static inline uint64_t pool__accumulator_stride(uint64_t size)
{
    return (size + POOL__LINE - 1) / POOL__LINE * POOL__LINE;
}

/* The page for the failure records of a chunk, and the page for those of a worker's initializer. */
unsigned char *pool__chunk_failures(struct pool__board *board, uint32_t chunk);
unsigned char *pool__worker_failures(struct pool__board *board, int worker, uint32_t life);

#endif
