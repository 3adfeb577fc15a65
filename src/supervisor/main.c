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
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/descriptor.h"
#include "common/futex.h"

enum {
    MOST_HEARD = 64,      /* messages that are read at a time */
    HOST_LOOK = 500000000 /* nanoseconds between looks at the host, where there are no pidfds */
};

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

/* Leaves the host's process group and its terminal, so that no key pressed there reaches the pool,
 * and a worker that uses the terminal is not stopped. By setsid() only where the terminal cannot be
 * given up in another way: where the scheduler groups processes by session, the pool would compete
 * with its host as one process, and the niceness of workers would mean nothing. */
static void leave_terminal(void)
{
    int terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    bool left = terminal < 0 && errno == ENXIO; /* there is none */
    if (terminal >= 0)
        left = ioctl(terminal, TIOCNOTTY) == 0;
    for (int stream = 0; stream <= 2 && !left; stream++)
        left = ioctl(stream, TIOCNOTTY) == 0;
    pool__close(&terminal);
    if (left)
        setpgid(0, 0);
    else
        setsid();
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

/* Has the kernel send SIGCONT to this process with each message of the host and at the end of the
 * channel. The signal is blocked, but a process that was stopped goes on. */
static void arm_channel(int control)
{
    fcntl(control, F_SETOWN, getpid());
    fcntl(control, F_SETSIG, SIGCONT);
    fcntl(control, F_SETFL, fcntl(control, F_GETFL) | O_ASYNC);
}

/* Takes from this process, and from all that it forks, every way to write to the host's half. */
static int seal_board(struct pool__launch launch)
{
    int error = pool__board_seal(launch.board, launch.board_file);
    pool__close(&launch.board_file);
    return error;
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
    leave_terminal();
    prctl(PR_SET_CHILD_SUBREAPER, 1); /* processes that workers leave behind become its children */
    prctl(PR_SET_NAME, "pool-supervisor");
    supervisor->launch = launch;
    arm_channel(launch->control);
    pool__watch_host(supervisor);
    int error = seal_board(*launch);
    if (error)
        return error;
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

/* Kills the workers that the host has doomed. A life before a doomed one is doomed too: the host
 * takes it for dead. */
static void kill_doomed(const struct supervisor *supervisor)
{
    const struct pool__board *board = supervisor->launch->board;
    for (int i = 0; i < supervisor->roster.count; i++) {
        const struct pool__place *place = &supervisor->roster.places[i];
        uint32_t ahead = atomic_load(&board->doomed[i]) - place->life;
        if (place->worker.pid && ahead <= 1)
            pool__signal_group(place->worker.pid, SIGKILL);
    }
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

/* Reads what the host has sent, but not more at a time than the supervisor can see to in between.
 * That the message is there is enough: settle() looks at the board after every event. */
static void hear_host(struct supervisor *supervisor)
{
    struct pool__message message;
    for (int i = 0; i < MOST_HEARD; i++) {
        int got = pool__control_receive(supervisor->launch->control, &message);
        if (got == -EAGAIN)
            return;
        if (got <= 0)
            pool__supervisor_end(supervisor);
        supervisor->asked |= message.type == POOL__ASK;
    }
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
    if (atomic_load(&pool__writable(board)->recall_pending))
        atomic_store(&pool__writable(board)->recall_pending, 0);
    if (roster->mode == POOL__OPEN && atomic_load(&board->closing))
        roster->mode = POOL__RETIRING;
    if (atomic_load(&board->terminating))
        pool__supervisor_terminate(supervisor);
    pool__roster_resize(roster, atomic_load(&board->processes));
    recall(supervisor);
    kill_doomed(supervisor);
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

/* Lowers `*next` to `time`; 0: never. */
static void find_earliest(uint64_t time, uint64_t *next)
{
    if (time && (*next == 0 || time < *next))
        *next = time;
}

/* When this process will have taken too long in its start; 0: never. */
static uint64_t late_time(const struct pool__post *post, uint64_t limit)
{
    return post->pid && !post->ready ? post->since + limit + 1 : 0;
}

/* When there will be something to do even if no event comes; 0: never. */
static uint64_t next_time(const struct supervisor *supervisor, uint64_t now)
{
    uint64_t next = supervisor->send_again;
    if (supervisor->launch->host_pidfd < 0)
        find_earliest(now + HOST_LOOK, &next);
    if (supervisor->kill_at) {
        find_earliest(supervisor->kill_at > now ? supervisor->kill_at : now + 10000000, &next);
        return next;
    }
    find_earliest(pool__roster_next(&supervisor->roster), &next);
    for (int i = 0; i < supervisor->roster.count; i++) {
        const struct pool__place *place = &supervisor->roster.places[i];
        find_earliest(late_time(&place->worker, start_limit(supervisor)), &next);
        find_earliest(late_time(&place->successor, start_limit(supervisor)), &next);
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
        {.fd = supervisor->signals, .events = POLLIN},
        {.fd = supervisor->launch->control, .events = POLLIN},
        {.fd = supervisor->launch->host_pidfd, .events = POLLIN},
    };
    bool any = poll(events, 3, timeout(supervisor)) > 0;
    if ((any && events[2].revents) || pool__host_has_ended(supervisor))
        pool__supervisor_end(supervisor);
    if (any && events[0].revents)
        while (read(supervisor->signals, signals, sizeof signals) > 0)
            ; /* waitid() says which children have ended, the slots which want a successor */
    if (any && events[1].revents)
        hear_host(supervisor);
    if (supervisor->send_again && pool__now() >= supervisor->send_again)
        supervisor->send_again = 0;
}

/* Tells the host why the pool could not be started, and ends. */
static noreturn void fail(struct supervisor *supervisor)
{
    for (;;) {
        pool__report(supervisor);
        if (supervisor->hello_reported)
            pool__supervisor_end(supervisor);
        wait_for_events(supervisor);
    }
}

noreturn void pool__supervisor_main(const struct pool__launch *launch)
{
    struct supervisor supervisor = {.signals = -1};
    supervisor.error = begin(&supervisor, launch);
    if (supervisor.error)
        fail(&supervisor);
    pool__report(&supervisor);
    for (;;) {
        wait_for_events(&supervisor);
        settle(&supervisor);
    }
}
