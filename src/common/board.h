/* The board: the one piece of memory all processes of a pool share.
 *
 * Mapped by the host before the supervisor is forked, at one address everywhere. It has two
 * halves. The host's half is read-only in workers, so a stray write there is a crash of that
 * worker, not a broken pool. The workers' half is writable by every worker: whoever reads a
 * number from it copies it once and checks it before use. No pids and no pointers are in it.
 *
 * The board is the queue. The host publishes a chunk by filling its order, setting its cell to
 * QUEUED, writing its ticket into the ring and advancing `tail`. A worker claims it by one
 * compare-and-swap on the cell, QUEUED -> RUNNING(me), and commits it by another, RUNNING(me) ->
 * DONE. Bell and futexes carry no information, only wake-ups: nothing is lost with who is woken and
 * dies.
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
    POOL__FAILURES = 4096     /* bytes for the failures of one chunk */
};

/* Before each value of a stream: items and results that are not plain data. The value follows,
 * in the flat form; the next entry begins at the next multiple of 16. */
struct pool__entry {
    uint64_t index; /* of the item in the caller's array */
    uint64_t size;  /* of the value */
};

/* What a chunk is. Written by the host before it publishes the chunk, constant until the host
 * has settled it; but for where results go, which the host changes while the state is FULL. */
struct pool__order {
    alignas(POOL__LINE) pool_function_t function;
    uint64_t first; /* index of the chunk's first item in the caller's array */
    uint64_t count;
    uint64_t items; /* offsets from the board's start */
    uint64_t results;
    uint64_t room; /* bytes at results */
    uint64_t item_size;
    uint64_t result_size;
    const pool_type_t *item_type;   /* NULL: plain data, one item after the other; else a stream */
    const pool_type_t *result_type; /* the same */
    uint8_t shared;                 /* results go straight into the caller's shared array */
    uint8_t fold;               /* results are two copies of an accumulator: see host/job/fold.c */
    uint16_t urgent;            /* the host wants to know of a failure at once */
    _Atomic uint32_t cancelled; /* the host sets it at any time: start no more of these items */
    uint64_t seed;              /* of the call */
    alignas(16) unsigned char item[POOL__INLINE_ITEM];
};

/* What becomes of a chunk. The host resets it while the state is its own (see chunk.h). */
struct pool__cell {
    alignas(POOL__LINE) _Atomic uint64_t state;
    /* 2i+1 while the chunk's item i runs, 2i+2 once it has ended. Written by the owner, read by
     * the host once the owner is dead or done: it says whom to blame. */
    _Atomic uint64_t progress;
    uint64_t nanoseconds;      /* what the chunk took; a hint for the size of later ones */
    _Atomic uint32_t failures; /* bytes used in the chunk's failure records */
    _Atomic uint32_t answered; /* a futex: the host adds one when it has answered FULL */
    union {
        alignas(16) unsigned char result[POOL__INLINE_RESULT];
        struct {
            _Atomic uint64_t used;   /* bytes of the stream of results */
            _Atomic uint64_t wanted; /* with FULL: bytes that the next entry needs */
        } stream;
    };
};

/* Who sits here, and what it is doing about sleep. Also the futex on which it sleeps. */
enum pool__wake_state {
    POOL__VACANT,    /* nobody; set by the supervisor */
    POOL__SUCCESSOR, /* one who started early, and waits for the supervisor to set AWAKE */
    POOL__AWAKE,
    POOL__SPINNING,
    POOL__ASLEEP,
    POOL__WOKEN /* woken by the host, and not awake yet */
};

/* A worker's own place: each number has two, for its odd and its even lives, so that a successor can
 * start while its predecessor works. Written by the worker; reset by the supervisor before it forks
 * one; read by supervisor and host. */
struct pool__slot {
    alignas(POOL__LINE) _Atomic uint32_t wake_state;
    _Atomic uint32_t ready; /* the life (see chunk.h) whose initializer has succeeded */
    _Atomic uint32_t
        left_idle; /* the life that left in peace, not to be replaced until there is work */
    _Atomic uint32_t
        wants_successor; /* the life that will leave soon and wants a successor to be ready */
    _Atomic uint32_t
        failures; /* bytes used in the worker's failure records: why its initializer failed */
    /* The crash report of this life: the signal (0: none), its address, and whether that is
     * where a stack ends. */
    _Atomic int32_t signal;
    uint32_t overflow;
    uint64_t address;
};

/* What a copy of the host brings back from running a user's pack or unpack functions. */
struct pool__dry_run {
    bool finished;   /* it came to its end */
    int error;       /* negated errno: it could not be made */
    int status;      /* as from waitpid() */
    int code;        /* what became of the item after these; see fill.c */
    uint64_t passed; /* items without fault */
    uint64_t bytes;  /* what they take */
    uint64_t needed; /* how much room the next one needs */
};

struct pool__board {
    /* The host's half. */
    size_t size;          /* of the whole mapping */
    size_t host_half;     /* bytes from the start that workers may only read */
    size_t items_start;   /* the arena of items: to host_half */
    size_t results_start; /* the arena of results and shared arrays: to size */
    int processors;
    _Atomic int processes;        /* workers there should be: those with a higher number leave */
    struct pool__dry_run dry_run; /* of the host and its copies alone */
    alignas(POOL__LINE) _Atomic uint64_t tail; /* tickets ever written to the ring */
    _Atomic uint32_t closing;                  /* workers leave when the ring is empty */
    _Atomic uint32_t
        recall_pending; /* the host has asked for those who left for want of work, and the
                                supervisor, who sets 0 before it looks, has not looked since */
    alignas(POOL__LINE) _Atomic uint64_t ring[POOL__CHUNKS];
    /* By number: a ticket for that worker alone; or 0. */
    _Atomic uint64_t mailboxes[POOL_PROCESSES_MAX];
    struct pool__order orders[POOL__CHUNKS];
    /* Then items; then the workers' half: struct pool__writable, slots, failure records, results. */
};

/* The workers' half, fixed part. */
struct pool__writable {
    /* A hint: every ticket before it is taken. Too low costs a look, too high is repaired. */
    alignas(POOL__LINE) _Atomic uint64_t head;
    /* Commits ever made: a hint. */
    alignas(POOL__LINE) _Atomic uint64_t commits;
    /* The host sleeps until `commits` reaches this; 0: it is awake. Set by the host, taken back by
     * whoever wakes it. */
    _Atomic uint64_t wake_at;
    /* Chunks that were committed and not yet seen by the host: a bit each. A hint. */
    alignas(POOL__LINE) _Atomic uint64_t done[POOL__CHUNKS / 64];
    struct pool__cell cells[POOL__CHUNKS];
};

/* Maps a board for `processes` workers, for now, into `*board`. Returns 0 or -ENOMEM. Host only. */
int pool__board_map(struct pool__board **board, int processes, int processors);

/* Unmaps it; NULL is allowed. */
void pool__board_unmap(struct pool__board *board);

/* Makes the host's half read-only and keeps the other half from children of the calling process:
 * neither a worker's stray write nor a process it leaves behind can do harm. Worker only.
 * Returns 0 or a negated errno value. */
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

/* How far apart entries of a stream lie whose value takes `size` bytes. */
static inline uint64_t pool__entry_stride(uint64_t size)
{
    return sizeof(struct pool__entry) + (size + 15) / 16 * 16;
}

/* Chunks that wait for a worker, by what the workers say; 0 when that makes no sense. */
static inline uint64_t pool__queued(struct pool__board *board)
{
    uint64_t tail = atomic_load(&board->tail), head = atomic_load(&pool__writable(board)->head);
    return head < tail ? tail - head : 0;
}

/* Whether there is a chunk for this worker alone that waits for it. */
bool pool__mailbox_full(struct pool__board *board, int worker);

/* How far apart the two copies of an accumulator of `size` bytes lie. */
static inline uint64_t pool__accumulator_stride(uint64_t size)
{
    return (size + POOL__LINE - 1) / POOL__LINE * POOL__LINE;
}

/* The page for the failures of a chunk, and the one for a worker's initializer. */
unsigned char *pool__chunk_failures(struct pool__board *board, uint32_t chunk);
unsigned char *pool__worker_failures(struct pool__board *board, int worker, uint32_t life);

#endif
