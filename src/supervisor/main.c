/* Runs in the supervisor: its start and its loop. The supervisor forks the workers, reaps and
 * replaces them, and tells the host of each death. It ends all processes of the pool when the host
 * tells it to, or has ended. It runs none of the user's functions, keeps all signals blocked,
 * allocates memory once, and blocks only in poll(), until it kills all workers and waits for their
 * ends.
 *
 * The loop asks by level: what should be so, and is not? So a lost or doubled event does no harm.
 */
#include "supervisor/supervisor.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/descriptor.h"
#include "common/futex.h"

/* ---- Start ---- */

/* Sets every signal to its default action, which workers inherit, and blocks every signal. The
 * system call also blocks the signals that the C library keeps for itself, which sigprocmask() does
 * not. */
static void reset_signals(void)
{
    struct sigaction action = {.sa_handler = SIG_DFL};
    uint64_t all = UINT64_MAX;
    for (int signal = 1; signal < NSIG; signal++)
        sigaction(signal, &action, NULL);
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, NULL, sizeof all);
}

static int open_signalfd(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGUSR1); /* a worker wants a successor: its slot says so */
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void close_host_ends(struct pool__launch ends)
{
    pool__close(&ends.result_read);
    pool__close(&ends.control_host);
    pool__close(&ends.driver_bell);
}

/* Maps as many places as a pool can ever have. Pages that are never touched take no memory. */
static struct pool__place *make_places(void)
{
    void *memory = mmap(NULL, POOL_PROCESSES_MAX * sizeof(struct pool__place),
                        PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

static uint64_t start_limit(const struct supervisor *supervisor)
{
    return (uint64_t)supervisor->launch->options.start_timeout * 1000000u;
}

/* Makes this process the supervisor and forks the first workers. Returns 0 or a negated errno
 * value. */
static int begin(struct supervisor *supervisor, const struct pool__launch *launch)
{
    close_host_ends(*launch);
    reset_signals();
    setsid();
    prctl(PR_SET_CHILD_SUBREAPER, 1); /* processes that workers leave behind become its children */
    prctl(PR_SET_NAME, "pool-supervisor");
    supervisor->launch = launch;
    supervisor->signals = open_signalfd();
    if (supervisor->signals < 0)
        return -errno;
    struct pool__place *places = make_places();
    if (!places)
        return -ENOMEM;
    pool__roster_init(&supervisor->roster, places, launch->options.processes,
                      start_limit(supervisor));
    return pool__fill_vacancies(supervisor);
}

/* ---- The loop ---- */

static void kill_worker(const struct supervisor *supervisor, const struct pool__message *message)
{
    if (message->worker < 0 || message->worker >= supervisor->roster.count)
        return;
    const struct pool__place *place = &supervisor->roster.places[message->worker];
    if (place->life == message->life)
        pool__signal_group(place->worker.pid, SIGKILL);
}

/* Has the roster fill places again whose workers left idle: as many as there are tickets in the
 * ring, and each place whose mailbox holds a chunk. */
static void recall(struct supervisor *supervisor)
{
    struct pool__board *board = supervisor->launch->board;
    struct pool__roster *roster = &supervisor->roster;
    if (roster->mode != POOL__OPEN)
        return;
    for (int i = 0; i < roster->wanted; i++)
        if (roster->places[i].left_idle && pool__mailbox_full(board, i))
            roster->places[i].left_idle = false;
    pool__roster_recall(roster, pool__queued(board));
}

static void hear_host(struct supervisor *supervisor)
{
    struct pool__message message;
    for (;;) {
        int got = pool__control_receive(supervisor->launch->control, &message);
        if (got == -EAGAIN)
            return;
        if (got <= 0)
            pool__supervisor_end(supervisor);
        if (message.type == POOL__TERMINATE)
            pool__supervisor_terminate(supervisor);
        else if (message.type == POOL__KILL)
            kill_worker(supervisor, &message);
    } /* POOL__LOOK needs no more: settle() looks at the board after every event */
}

/* Reads in the slots which processes have got through their start, and which workers want a
 * successor. */
static void watch_slots(struct supervisor *supervisor)
{
    for (int i = 0; i < supervisor->roster.count; i++) {
        struct pool__place *place = &supervisor->roster.places[i];
        const struct pool__slot *slot = pool__slot_of(supervisor, i, place->life);
        const struct pool__slot *next = pool__slot_of(supervisor, i, place->life + 1);
        place->worker.ready = pool__worker_is_ready(supervisor, i);
        place->successor.ready |= atomic_load(&next->ready) == place->life + 1;
        place->wants_successor = atomic_load(&slot->wants_successor) == place->life;
    }
}

/* Lets a successor work when its predecessor has ended. */
static void wake_successors(struct supervisor *supervisor)
{
    for (int i = 0; i < supervisor->roster.count; i++) {
        const struct pool__place *place = &supervisor->roster.places[i];
        struct pool__slot *slot = pool__slot_of(supervisor, i, place->life);
        uint32_t waiting = POOL__SUCCESSOR;
        if (place->worker.pid &&
            atomic_compare_exchange_strong(&slot->wake_state, &waiting, POOL__AWAKE))
            pool__futex_wake(&slot->wake_state);
    }
}

/* Kills a process that takes too long in its start. The next one is killed in the next round. */
static void watch_starts(const struct supervisor *supervisor)
{
    uint64_t now = pool__now(), limit = start_limit(supervisor);
    int late = now > limit ? pool__roster_late(&supervisor->roster, now - limit) : 0;
    if (late)
        kill(late, SIGKILL);
}

/* Acts on what the host has written on the board. */
static void look(struct supervisor *supervisor)
{
    struct pool__board *board = supervisor->launch->board;
    struct pool__roster *roster = &supervisor->roster;
    if (atomic_load(&board->recall_pending))
        atomic_store(&board->recall_pending, 0);
    if (roster->mode == POOL__OPEN && atomic_load(&board->closing))
        roster->mode = POOL__RETIRING;
    pool__roster_resize(roster, atomic_load(&board->processes));
    recall(supervisor);
}

/* Does all that should be so and is not. */
static void settle(struct supervisor *supervisor)
{
    watch_slots(supervisor);
    watch_starts(supervisor);
    pool__reap(supervisor);
    look(supervisor);
    wake_successors(supervisor);
    pool__fill_vacancies(supervisor);
    pool__report(supervisor);
    if (supervisor->kill_at && pool__now() >= supervisor->kill_at)
        pool__signal_workers(supervisor, SIGKILL);
    if (supervisor->roster.mode != POOL__OPEN && pool__roster_done(&supervisor->roster))
        pool__supervisor_end(supervisor);
}

/* Lowers `*next` to the time when this process will have taken too long in its start. */
static void find_earliest_late(const struct pool__post *post, uint64_t limit, uint64_t *next)
{
    uint64_t late = post->since + limit + 1;
    if (post->pid && !post->ready && (*next == 0 || late < *next))
        *next = late;
}

/* When there will be something to do even if no event comes; 0: never. */
static uint64_t next_time(const struct supervisor *supervisor, uint64_t now)
{
    if (supervisor->kill_at)
        return supervisor->kill_at > now ? supervisor->kill_at : now + 10000000;
    uint64_t next = pool__roster_next(&supervisor->roster);
    for (int i = 0; i < supervisor->roster.count; i++) {
        find_earliest_late(&supervisor->roster.places[i].worker, start_limit(supervisor), &next);
        find_earliest_late(&supervisor->roster.places[i].successor, start_limit(supervisor), &next);
    }
    return next;
}

static int timeout(const struct supervisor *supervisor)
{
    uint64_t now = pool__now(), next = next_time(supervisor, now);
    return next ? pool__milliseconds(now, next) : -1;
}

static void wait_for_events(struct supervisor *supervisor)
{
    struct signalfd_siginfo signals[8];
    struct pollfd events[3] = {
        {.fd = supervisor->signals, .events = supervisor->channel_full ? 0 : POLLIN},
        {.fd = supervisor->launch->control,
         .events = (short)(supervisor->channel_full ? POLLIN | POLLOUT : POLLIN)},
        {.fd = supervisor->launch->host_pidfd, .events = POLLIN},
    };
    if (poll(events, 3, timeout(supervisor)) <= 0)
        return;
    if (events[2].revents)
        pool__supervisor_end(supervisor);
    if (events[1].revents & POLLOUT)
        supervisor->channel_full = false;
    while (read(supervisor->signals, signals, sizeof signals) > 0)
        ; /* waitid() says which children have ended, the slots which workers want a successor */
    if (events[1].revents & ~POLLOUT)
        hear_host(supervisor);
}

noreturn void pool__supervisor_main(const struct pool__launch *launch)
{
    struct supervisor supervisor = {0};
    supervisor.error = begin(&supervisor, launch);
    pool__report(&supervisor);
    if (supervisor.error)
        pool__supervisor_end(&supervisor);
    for (;;) {
        wait_for_events(&supervisor);
        settle(&supervisor);
    }
}
