/* Runs in the supervisor: forks the workers, reaps and replaces them, tells the host of each death,
 * and ends everything when it is told to or the host is gone. It runs none of the user's functions,
 * keeps all signals blocked, allocates once, and never blocks but in poll().
 *
 * The loop asks by level: what should be so, and is not? A lost or doubled event does no harm. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/control.h"
#include "common/descriptor.h"
#include "common/futex.h"
#include "common/roles.h"
#include "supervisor/roster.h"

struct supervisor {
    const struct pool__launch *launch;
    struct pool__roster roster;
    int signals;      /* a signalfd: readable when there is somebody to reap or to ask */
    uint64_t kill_at; /* when SIGTERM has had its time; 0: not terminating */
    int error;        /* why the pool could not be started, negated errno; 0 */
    bool hello_reported, broken_reported;
    bool channel_full; /* a message could not be sent: reap no more until it can */
};

/* Default actions everywhere, for the workers; and all blocked, also those that the C library keeps
 * for itself and does not let sigprocmask() block. */
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
    sigaddset(&set, SIGUSR1); /* a worker asks for something: see its slot */
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void close_host_ends(struct pool__launch ends)
{
    pool__close(&ends.result_read);
    pool__close(&ends.control_host);
    pool__close(&ends.driver_bell);
}

static int send_to_host(struct supervisor *supervisor, struct pool__message message)
{
    int error = pool__control_send(supervisor->launch->control, &message);
    supervisor->channel_full = error == -EAGAIN;
    return error;
}

/* ---- Forking ---- */

static noreturn void become_worker(struct supervisor *supervisor, int place, uint32_t life,
                                   int parent)
{
    struct pool__launch ends = *supervisor->launch;
    pool__close(&supervisor->signals);
    pool__close(&ends.control);
    pool__close(&ends.host_pidfd);
    pool__worker_main(supervisor->launch, place, life, parent);
}

static struct pool__slot *slot_of(const struct supervisor *supervisor, int place, uint32_t life)
{
    return pool__slot(supervisor->launch->board, place, life);
}

/* Lets somebody sit down there: as a successor, or to work at once. */
static void prepare_slot(struct pool__slot *slot, bool successor)
{
    atomic_store(&slot->failures, 0);
    atomic_store(&slot->signal, 0);
    atomic_store(&slot->wake_state, successor ? POOL__SUCCESSOR : POOL__AWAKE);
}

/* Returns 0 or a negated errno value. */
static int fork_worker(struct supervisor *supervisor, int place, bool successor)
{
    int self = getpid();
    uint32_t life = supervisor->roster.places[place].life + 1;
    prepare_slot(slot_of(supervisor, place, life), successor);
    int pid = fork();
    if (pid < 0) {
        int error = -errno;
        atomic_store(&slot_of(supervisor, place, life)->wake_state, POOL__VACANT);
        pool__roster_unborn(&supervisor->roster, pool__now());
        return error;
    }
    if (pid == 0)
        become_worker(supervisor, place, life, self);
    setpgid(pid, pid); /* both sides do it: whoever comes first */
    pool__roster_born(&supervisor->roster, place, successor, pid, pool__now());
    return 0;
}

static int fill_vacancies(struct supervisor *supervisor)
{
    int place, error = 0;
    bool successor;
    while (!error &&
           (place = pool__roster_vacancy(&supervisor->roster, pool__now(), &successor)) >= 0)
        error = fork_worker(supervisor, place, successor);
    return error;
}

/* ---- Reaping ---- */

/* An successor that has ended is nothing to the host, which has not heard of it. */
static void forget_successor(struct supervisor *supervisor, int index)
{
    uint32_t life = supervisor->roster.places[index].life + 1;
    struct pool__slot *slot = slot_of(supervisor, index, life);
    pool__roster_successor_died(&supervisor->roster, index, atomic_load(&slot->ready) == life,
                                pool__now());
    atomic_store(&slot->wake_state, POOL__VACANT);
}

/* Whether the worker has got through its start. What was once seen in its slot is kept. */
static bool is_ready(const struct supervisor *supervisor, int index)
{
    const struct pool__place *place = &supervisor->roster.places[index];
    const struct pool__slot *slot = slot_of(supervisor, index, place->life);
    return place->worker.ready || atomic_load(&slot->ready) == place->life;
}

/* Tells the host of the death of a worker that is not reaped yet. False when the channel is full:
 * the worker stays a zombie until there is room, so nothing is forgotten. */
static bool report_death(struct supervisor *supervisor, int index, const siginfo_t *info)
{
    const struct pool__place *place = &supervisor->roster.places[index];
    struct pool__slot *slot = slot_of(supervisor, index, place->life);
    int status = info->si_code == CLD_EXITED ? info->si_status << 8 : info->si_status;
    struct pool__message message = {.type = POOL__DIED,
                                    .worker = index,
                                    .life = place->life,
                                    .pid = place->worker.pid,
                                    .status = status,
                                    .ready = is_ready(supervisor, index)};
    if (info->si_code != CLD_EXITED && atomic_load(&slot->signal) == info->si_status) {
        message.faulted = 1;
        message.overflow = slot->overflow != 0;
        message.address = slot->address;
    }
    if (send_to_host(supervisor, message) == -EAGAIN)
        return false;
    bool left = atomic_load(&slot->left_idle) == place->life && status == 0;
    pool__roster_died(&supervisor->roster, index, message.ready, left, pool__now());
    atomic_store(&slot->wake_state, POOL__VACANT);
    return true;
}

/* Reaps everybody who ended: workers, with their process groups, and what workers left behind. */
static void reap(struct supervisor *supervisor)
{
    siginfo_t info;
    bool successor;
    for (;;) {
        info.si_pid = 0;
        if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid == 0)
            return;
        int index = pool__roster_find(&supervisor->roster, info.si_pid, &successor);
        if (index >= 0) {
            if (successor)
                forget_successor(supervisor, index);
            else if (!report_death(supervisor, index, &info))
                return;
            kill(-info.si_pid, SIGKILL); /* unreaped, it still holds its number and its group's */
        }
        waitpid(info.si_pid, NULL, WNOHANG);
    }
}

/* ---- Ending ---- */

static void signal_group(int pid, int signal)
{
    if (pid == 0)
        return;
    if (kill(-pid, signal) < 0)
        kill(pid, signal);
    kill(pid, SIGCONT);
}

static void signal_workers(const struct supervisor *supervisor, int signal)
{
    for (int i = 0; i < supervisor->roster.count; i++) {
        signal_group(supervisor->roster.places[i].worker.pid, signal);
        signal_group(supervisor->roster.places[i].successor.pid, signal);
    }
}

static void bury(int pid)
{
    if (pid)
        waitpid(pid, NULL, 0);
}

/* Kills who has been re-parented to us: processes that tasks started and that left their worker's
 * group. Without /proc they cannot be found, and are left alone. */
static void kill_strays(void)
{
    char path[64], list[4096];
    siginfo_t info;
    if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 && errno == ECHILD)
        return;
    snprintf(path, sizeof path, "/proc/self/task/%d/children", getpid());
    for (int round = 0; round < 100; round++) {
        int file = open(path, O_RDONLY | O_CLOEXEC);
        if (file < 0)
            return;
        ssize_t length = read(file, list, sizeof list - 1);
        close(file);
        if (length <= 0)
            return;
        list[length] = '\0';
        char *rest = list, *word;
        while ((word = strtok_r(rest, " \n", &rest))) {
            int pid = atoi(word);
            if (pid > 1 && kill(pid, SIGKILL) == 0)
                waitpid(pid, NULL, 0);
        }
    }
}

static noreturn void end(struct supervisor *supervisor)
{
    signal_workers(supervisor, SIGKILL);
    for (int i = 0; i < supervisor->roster.count; i++) {
        bury(supervisor->roster.places[i].worker.pid);
        bury(supervisor->roster.places[i].successor.pid);
    }
    kill_strays();
    _exit(0);
}

static void terminate(struct supervisor *supervisor)
{
    if (supervisor->kill_at)
        return;
    supervisor->roster.mode = POOL__TERMINATING;
    supervisor->kill_at = pool__now() + (uint64_t)supervisor->launch->options.grace * 1000000u;
    signal_workers(supervisor, SIGTERM);
}

/* ---- The loop ---- */

static void kill_worker(const struct supervisor *supervisor, const struct pool__message *message)
{
    if (message->worker < 0 || message->worker >= supervisor->roster.count)
        return;
    const struct pool__place *place = &supervisor->roster.places[message->worker];
    if (place->life == message->life)
        signal_group(place->worker.pid, SIGKILL);
}

/* Those who left for want of work come back for what is in the ring, or in their mailbox. */
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
            end(supervisor);
        if (message.type == POOL__TERMINATE)
            terminate(supervisor);
        else if (message.type == POOL__KILL)
            kill_worker(supervisor, &message);
    } /* POOL__LOOK: see settle() */
}

/* Tells the host what it has not been told yet: births, then the rest. */
static void announce(struct supervisor *supervisor)
{
    int births = supervisor->error ? 0 : supervisor->roster.count; /* an error comes first */
    for (int i = 0; i < births && !supervisor->channel_full; i++) {
        struct pool__place *place = &supervisor->roster.places[i];
        if (place->worker.pid == 0 || place->birth_reported)
            continue;
        struct pool__message born = {
            .type = POOL__BORN, .worker = i, .life = place->life, .pid = place->worker.pid};
        place->birth_reported = send_to_host(supervisor, born) == 0;
    }
    if (!supervisor->channel_full && !supervisor->hello_reported) {
        struct pool__message hello = {
            .type = POOL__HELLO, .pid = getpid(), .status = supervisor->error};
        supervisor->hello_reported = send_to_host(supervisor, hello) == 0;
    }
    if (!supervisor->channel_full && !supervisor->broken_reported &&
        pool__roster_broken(&supervisor->roster))
        supervisor->broken_reported =
            send_to_host(supervisor, (struct pool__message){.type = POOL__BROKEN}) == 0;
}

static uint64_t start_limit(const struct supervisor *supervisor)
{
    return (uint64_t)supervisor->launch->options.start_timeout * 1000000u;
}

/* Sees who has got through its start, and who wants a successor. */
static void watch_slots(struct supervisor *supervisor)
{
    for (int i = 0; i < supervisor->roster.count; i++) {
        struct pool__place *place = &supervisor->roster.places[i];
        const struct pool__slot *slot = slot_of(supervisor, i, place->life);
        const struct pool__slot *next = slot_of(supervisor, i, place->life + 1);
        place->worker.ready = is_ready(supervisor, i);
        place->successor.ready |= atomic_load(&next->ready) == place->life + 1;
        place->wants_successor = atomic_load(&slot->wants_successor) == place->life;
    }
}

/* Lets those go to work whose predecessors have ended. */
static void let_successors_succeed(struct supervisor *supervisor)
{
    for (int i = 0; i < supervisor->roster.count; i++) {
        const struct pool__place *place = &supervisor->roster.places[i];
        struct pool__slot *slot = slot_of(supervisor, i, place->life);
        uint32_t waiting = POOL__SUCCESSOR;
        if (place->worker.pid &&
            atomic_compare_exchange_strong(&slot->wake_state, &waiting, POOL__AWAKE))
            pool__futex_wake(&slot->wake_state);
    }
}

/* Kills who takes too long to start. */
static void watch_starts(const struct supervisor *supervisor)
{
    uint64_t now = pool__now(), limit = start_limit(supervisor);
    int late = now > limit ? pool__roster_late(&supervisor->roster, now - limit) : 0;
    if (late)
        kill(late, SIGKILL);
}

/* Takes over what the host has written on the board. */
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

static void settle(struct supervisor *supervisor)
{
    watch_slots(supervisor);
    watch_starts(supervisor);
    reap(supervisor);
    look(supervisor);
    let_successors_succeed(supervisor);
    fill_vacancies(supervisor);
    announce(supervisor);
    if (supervisor->kill_at && pool__now() >= supervisor->kill_at)
        signal_workers(supervisor, SIGKILL);
    if (supervisor->roster.mode != POOL__OPEN && pool__roster_done(&supervisor->roster))
        end(supervisor);
}

static void find_earliest_late(const struct pool__post *post, uint64_t limit, uint64_t *next)
{
    uint64_t late = post->since + limit + 1;
    if (post->pid && !post->ready && (*next == 0 || late < *next))
        *next = late;
}

/* When there is something to do although nothing has happened. */
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
        end(supervisor);
    if (events[1].revents & POLLOUT)
        supervisor->channel_full = false;
    while (read(supervisor->signals, signals, sizeof signals) > 0)
        ; /* who died is asked from waitid(), who asks from the slots */
    if (events[1].revents & ~POLLOUT)
        hear_host(supervisor);
}

/* As many as there could ever be: untouched pages cost nothing. */
static struct pool__place *make_places(void)
{
    void *memory = mmap(NULL, POOL_PROCESSES_MAX * sizeof(struct pool__place),
                        PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

/* Returns 0 or a negated errno value. */
static int take_post(struct supervisor *supervisor, const struct pool__launch *launch)
{
    close_host_ends(*launch);
    reset_signals();
    setsid();
    prctl(PR_SET_CHILD_SUBREAPER, 1); /* what a worker leaves behind comes to us */
    prctl(PR_SET_NAME, "pool-supervisor");
    supervisor->launch = launch;
    supervisor->signals = open_signalfd();
    if (supervisor->signals < 0)
        return -errno;
    struct pool__place *places = make_places();
    if (!places)
        return -ENOMEM;
    pool__roster_init(&supervisor->roster, places, launch->options.processes);
    return fill_vacancies(supervisor);
}

noreturn void pool__supervisor_main(const struct pool__launch *launch)
{
    struct supervisor supervisor = {0};
    supervisor.error = take_post(&supervisor, launch);
    announce(&supervisor);
    if (supervisor.error)
        end(&supervisor);
    for (;;) {
        wait_for_events(&supervisor);
        settle(&supervisor);
    }
}
