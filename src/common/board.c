/* Runs in every process: where the parts of the board lie. What happens on it is in other files. */
#include "common/board.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/backing.h"
#include "common/chunk.h"

enum {
    PAGE = 65536, /* a multiple of every page size in use */
    SLOTS = 2 * POOL_PROCESSES_MAX
};

static size_t round_up(size_t size)
{
    return (size + PAGE - 1) / PAGE * PAGE;
}

static size_t records_start(size_t host_half)
{
    return host_half + round_up(sizeof(struct pool__writable) + SLOTS * sizeof(struct pool__slot));
}

static unsigned char *failures(struct pool__board *board, size_t page)
{
    return pool__board_at(board, records_start(board->host_half) + page * POOL__FAILURES);
}

unsigned char *pool__chunk_failures(struct pool__board *board, uint32_t chunk)
{
    return failures(board, chunk);
}

unsigned char *pool__worker_failures(struct pool__board *board, int worker, uint32_t life)
{
    return failures(board, POOL__CHUNKS + 2 * (size_t)worker + life % 2);
}

bool pool__mailbox_full(struct pool__board *board, int worker)
{
    uint64_t ticket = atomic_load(&board->mailboxes[worker]);
    const struct pool__cell *cell = &pool__writable(board)->cells[pool__ticket_chunk(ticket)];
    return ticket && atomic_load(&cell->state) ==
                         pool__word(POOL__QUEUED, 0, 0, pool__ticket_generation(ticket));
}

/* Bytes of address space for each of the two arenas, items and results: a power of two, and more
 * than could ever be filled with memory. */
static size_t wanted_arena(void)
{
    long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    size_t memory = pages > 0 && page > 0 ? (size_t)pages * (size_t)page : (size_t)1 << 32;
    size_t arena = (size_t)1 << 30;
    while (arena < 2 * memory)
        arena *= 2;
    return arena;
}

/* Where the parts of a board lie, as in struct pool__board, which is too large for a stack. */
struct plan {
    size_t items_start, host_half, results_start, size;
};

/* Plans a board whose arenas have so many bytes. */
static struct plan plan_board(size_t arena)
{
    struct plan plan = {.items_start = round_up(sizeof(struct pool__board))};
    plan.host_half = plan.items_start + arena;
    plan.results_start =
        records_start(plan.host_half) + round_up((POOL__CHUNKS + SLOTS) * POOL__FAILURES);
    plan.size = plan.results_start + arena;
    return plan;
}

/* Maps zeros; a page that is not touched takes no memory. Returns NULL when there is no room. */
static void *map_zeros(size_t size)
{
    void *memory =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

/* Maps the memory of a board, with a file behind the host's half if `file` is not NULL and the
 * system allows it. Returns NULL when there is no room. */
static void *map_memory(const struct plan *plan, int *file)
{
    void *memory = map_zeros(plan->size);
    if (memory && file && pool__back(memory, plan->host_half, file) < 0) {
        munmap(memory, plan->size);
        memory = map_zeros(plan->size);
    }
    if (memory) /* writing it into a core file would take far too long */
        madvise(memory, plan->size, MADV_DONTDUMP);
    return memory;
}

int pool__board_map(struct pool__board **board, int *file, int processes, int processors)
{
    const size_t smallest = (size_t)1 << 24;
    if (file)
        *file = -1;
    for (size_t arena = wanted_arena(); arena >= smallest; arena /= 2) {
        struct plan plan = plan_board(arena);
        struct pool__board *mapped = map_memory(&plan, file);
        if (!mapped)
            continue;
        mapped->size = plan.size;
        mapped->host_half = plan.host_half;
        mapped->items_start = plan.items_start;
        mapped->results_start = plan.results_start;
        mapped->processes = processes;
        mapped->processors = processors;
        *board = mapped;
        return 0;
    }
    return -ENOMEM;
}

void pool__board_unmap(struct pool__board *board)
{
    if (board)
        munmap(board, board->size);
}

int pool__board_seal(struct pool__board *board, int file)
{
    size_t half = board->host_half;
    if (file < 0)
        return 0;
    if (mmap(board, half, PROT_READ, MAP_SHARED | MAP_FIXED | MAP_NORESERVE, file, 0) == MAP_FAILED)
        return -errno;
    madvise(board, half, MADV_DONTDUMP);
    return 0;
}

int pool__board_protect(struct pool__board *board)
{
    if (mprotect(board, board->host_half, PROT_READ) < 0)
        return -errno;
    void *writable = pool__writable(board);
    if (madvise(writable, board->size - board->host_half, MADV_DONTFORK) < 0)
        return -errno;
    return 0;
}
