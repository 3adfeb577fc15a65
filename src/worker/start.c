/* Runs in a worker: its start, its loop and its end. It blocks, has no event loop, and leaves only
 * by _exit(): what the host registered with atexit() or left in stdio buffers is not ours. */
#include "worker/self.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/chunk.h"
#include "common/clock.h"
#include "common/futex.h"
#include "common/nesting.h"

enum { EXIT_NO_START = 125, EXIT_SETTLED = 123, SECOND = 1000 };

/* A task that calls exit() comes here before any handler of the host's: exit handlers run last
 * registered first. */
static void exit_quickly(int status, void *unused)
{
    (void)unused;
    fflush(stdout);
    _exit(status);
}

/* What the host had written but not flushed is the host's to print. */
static void forget_stdio(void)
{
    __fpurge(stdin);
    __fpurge(stdout);
    __fpurge(stderr);
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (nothing >= 0) {
        dup2(nothing, STDIN_FILENO);
        if (nothing != STDIN_FILENO)
            close(nothing);
    }
}

/* Dies with the supervisor, in a process group of its own so that its children die with it. */
static void bind_to(int supervisor, int number)
{
    char name[16];
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != supervisor)
        _exit(EXIT_NO_START);
    setpgid(0, 0);
    snprintf(name, sizeof name, "pool-worker-%u", (unsigned)number % 1000);
    prctl(PR_SET_NAME, name);
}

/* When memory runs out, the kernel should take a worker, which can be replaced. */
static void volunteer(void)
{
    int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (file < 0)
        return;
    if (write(file, "500", 3) < 0)
        errno = 0; /* the host is further up already, or may not say: nothing to be done */
    close(file);
}

int pool__initialize(struct worker *worker)
{
    const pool_options_t *options = &worker->launch->options;
    if (!options->initializer)
        return 0;
    struct pool_task *task = &worker->task;
    pool__task_begin(task, 0);
    task->seed = ~(uint64_t)worker->number;
    int code = options->initializer(options->initargs, &task->state, task);
    if (code == 0)
        return 0;
    unsigned char *page = pool__worker_failures(worker->board, worker->number, worker->life);
    const struct pool__failure *failure = pool__task_failure(task, 0, code);
    atomic_store(&worker->slot->failures, pool__failure_write(page, 0, failure));
    return code;
}

static void start_initializer(struct worker *worker)
{
    if (pool__initialize(worker) == 0)
        return;
    fflush(stdout);
    _exit(EXIT_NO_START);
}

/* What the options say about where and how it runs. A system that refuses is none the worse for it. */
static void settle_down(const struct worker *worker)
{
    const pool_options_t *options = &worker->launch->options;
    cpu_set_t all, one;
    if (options->niceness && nice(options->niceness) < 0)
        errno = 0;
    if (!options->pinned || sched_getaffinity(0, sizeof all, &all) < 0)
        return;
    int nth = worker->number % CPU_COUNT(&all);
    size_t cpu = 0;
    while (!CPU_ISSET(cpu, &all) || nth-- > 0)
        cpu++;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    sched_setaffinity(0, sizeof one, &one);
}

/* One who started early waits here for its predecessor's end. */
static void wait_to_succeed(const struct worker *worker)
{
    while (atomic_load(&worker->slot->wake_state) == POOL__SUCCESSOR) {
        pool__futex_wait(&worker->slot->wake_state, POOL__SUCCESSOR, SECOND);
        if (!pool__supervised(worker))
            _exit(EXIT_NO_START);
    }
}

static void start(struct worker *worker)
{
    uint64_t none = 0, born = pool__now();
    bind_to(worker->supervisor, worker->number);
    forget_stdio();
    volunteer();
    on_exit(exit_quickly, NULL);
    if (pool__board_protect(worker->board) < 0)
        _exit(EXIT_NO_START);
    settle_down(worker);
    pool__bell_init(&worker->host_bell, worker->launch->result_write);
    pool__crash_watch(worker->slot);
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, sizeof none);
    start_initializer(worker);
    atomic_store(&worker->slot->ready, worker->life);
    atomic_fetch_add(&worker->writable->commits, 1);
    pool__wake_host(worker, false);
    uint64_t ready = pool__now();
    wait_to_succeed(worker);
    pool__term_begin(worker, ready - born);
}

/* `for_good`: nobody is needed here until there is work; else somebody is, if the number is in use. */
static noreturn void leave(struct worker *worker, bool for_good)
{
    pool_finalizer_t finalizer = worker->launch->options.finalizer;
    if (finalizer)
        finalizer(worker->task.state);
    fflush(stdout);
    if (for_good)
        atomic_store(&worker->slot->left_idle, worker->life);
    _exit(0);
}

bool pool__dismissed(const struct worker *worker)
{
    int idle_timeout = worker->launch->options.idle_timeout;
    if (atomic_load(&worker->board->closing))
        return true;
    return idle_timeout && worker->idle_since &&
           pool__now() - worker->idle_since >= (uint64_t)idle_timeout * 1000000u;
}

static void raise_head(_Atomic uint64_t *head, uint64_t from, uint64_t to)
{
    if (to != from)
        atomic_compare_exchange_strong(head, &from, to);
}

/* Claims the chunk of this ticket. */
static bool claim_ticket(struct worker *worker, uint64_t ticket, uint32_t *chunk,
                         uint32_t *generation)
{
    *chunk = pool__ticket_chunk(ticket);
    *generation = pool__ticket_generation(ticket);
    return pool__claim(&worker->writable->cells[*chunk].state, *generation, worker->number,
                       worker->life);
}

/* Claims the chunk for this worker alone, or the oldest queued one. `head` is a hint that any worker may
 * have spoilt: a position that cannot be is replaced by the oldest that can. */
bool pool__claim_next(struct worker *worker, uint32_t *chunk, uint32_t *generation)
{
    struct pool__board *board = worker->board;
    struct pool__writable *writable = worker->writable;
    uint64_t own = atomic_load(&board->mailboxes[worker->number]);
    if (own && claim_ticket(worker, own, chunk, generation))
        return true;
    uint64_t hint = atomic_load(&writable->head), tail = atomic_load(&board->tail);
    uint64_t head = hint;
    if (head > tail || tail - head > POOL__CHUNKS)
        head = tail > POOL__CHUNKS ? tail - POOL__CHUNKS : 0;
    for (; head < tail; head++) {
        uint64_t ticket =
            atomic_load_explicit(&board->ring[head % POOL__CHUNKS], memory_order_acquire);
        if (claim_ticket(worker, ticket, chunk, generation)) {
            raise_head(&writable->head, hint, head + 1);
            return true;
        }
    }
    raise_head(&writable->head, hint, head);
    return false;
}

/* Has the host look at the chunk. */
static void announce(struct worker *worker, uint32_t chunk, bool now)
{
    atomic_fetch_or(&worker->writable->done[chunk / 64], (uint64_t)1 << chunk % 64);
    atomic_fetch_add(&worker->writable->commits, 1);
    worker->commits_reported = false;
    pool__wake_host(worker, now);
}

static void commit(struct worker *worker, uint32_t chunk, uint32_t generation)
{
    _Atomic uint64_t *state = &worker->writable->cells[chunk].state;
    if (!pool__commit(state, generation, worker->number, worker->life))
        _exit(EXIT_SETTLED); /* somebody settled it over our head: take nothing more */
    bool failed = atomic_load(&worker->writable->cells[chunk].failures) > 0;
    announce(worker, chunk, failed && worker->board->orders[chunk].urgent);
}

/* Waits until the host has answered; leaves if the chunk was settled over its head. */
static void hand_over(struct worker *worker, uint32_t chunk, uint32_t generation, uint64_t wanted)
{
    struct pool__cell *cell = &worker->writable->cells[chunk];
    const uint64_t mine = pool__word(POOL__FULL, worker->number, worker->life, generation);
    uint32_t answered = atomic_load(&cell->answered);
    atomic_store(&cell->stream.wanted, wanted);
    if (!pool__move(&cell->state, POOL__RUNNING, POOL__FULL, mine))
        _exit(EXIT_SETTLED);
    announce(worker, chunk, true);
    while (atomic_load(&cell->state) == mine) {
        pool__futex_wait(&cell->answered, answered, SECOND);
        if (!pool__supervised(worker))
            _exit(EXIT_SETTLED);
        answered = atomic_load(&cell->answered);
    }
    if (atomic_load(&cell->state) !=
        pool__word(POOL__RUNNING, worker->number, worker->life, generation))
        _exit(EXIT_SETTLED);
}

void pool__worker_init(struct worker *worker, const struct pool__launch *launch, int number,
                       uint32_t life)
{
    worker->launch = launch;
    worker->board = launch->board;
    worker->writable = pool__writable(launch->board);
    worker->slot = pool__slot(launch->board, number, life);
    worker->number = number;
    worker->life = life;
    worker->task.worker = number;
    worker->task.attempt = 1;
}

noreturn void pool__worker_main(const struct pool__launch *launch, int number, uint32_t life,
                                int supervisor)
{
    static struct worker worker; /* of this process alone: only its copy of the page is touched */
    pool__share_enter(launch->depth, number < launch->options.processes ? launch->share : 0);
    pool__worker_init(&worker, launch, number, life);
    worker.hand_over = hand_over;
    worker.supervisor = supervisor;
    start(&worker);
    for (;;) {
        uint32_t chunk, generation;
        while (!pool__superfluous(&worker) && pool__claim_next(&worker, &chunk, &generation)) {
            pool__run_chunk(&worker, chunk, generation);
            commit(&worker, chunk, generation);
            worker.idle_since = 0;
            if (worker.term.over)
                leave(&worker, false);
        }
        if (pool__superfluous(&worker)) /* by now the pool may have grown again */
            leave(&worker, false);
        if (pool__dismissed(&worker))
            leave(&worker, true);
        pool__rest(&worker);
    }
}
