/* Runs in the supervisor: reaps the workers, and tells the host of each death. It never waits for a
 * process to end. */
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "common/clock.h"
#include "supervisor/supervisor.h"

/* A successor has ended. The host is not told, since it has not been told of its birth. */
static void forget_successor(struct supervisor *supervisor, int index)
{
    uint32_t life = supervisor->roster.places[index].life + 1;
    struct pool__slot *slot = pool__slot_of(supervisor, index, life);
    pool__roster_successor_died(&supervisor->roster, index, atomic_load(&slot->ready) == life,
                                pool__now());
    atomic_store(&slot->wake_state, POOL__VACANT);
}

bool pool__worker_is_ready(const struct supervisor *supervisor, int index)
{
    const struct pool__place *place = &supervisor->roster.places[index];
    const struct pool__slot *slot = pool__slot_of(supervisor, index, place->life);
    return place->worker.ready || atomic_load(&slot->ready) == place->life;
}

/* Tells the host of the death of a worker that is not reaped yet. False when the message has to be
 * sent again later. Until it is sent the worker stays a zombie, so its death is not forgotten. */
static bool report_death(struct supervisor *supervisor, int index, const siginfo_t *info)
{
    const struct pool__place *place = &supervisor->roster.places[index];
    struct pool__slot *slot = pool__slot_of(supervisor, index, place->life);
    int status = info->si_code == CLD_EXITED ? info->si_status << 8 : info->si_status;
    struct pool__message message = {.type = POOL__DIED,
                                    .worker = index,
                                    .life = place->life,
                                    .pid = place->worker.pid,
                                    .status = status,
                                    .ready = pool__worker_is_ready(supervisor, index)};
    if (info->si_code != CLD_EXITED && atomic_load(&slot->signal) == info->si_status) {
        message.faulted = 1;
        message.overflow = slot->overflow != 0;
        message.address = slot->address;
    }
    if (!pool__send_to_host(supervisor, message))
        return false;
    bool left = atomic_load(&slot->left_idle) == place->life && status == 0;
    pool__roster_died(&supervisor->roster, index, message.ready, left, pool__now());
    atomic_store(&slot->wake_state, POOL__VACANT);
    return true;
}

void pool__reap(struct supervisor *supervisor)
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
            kill(-info.si_pid,
                 SIGKILL); /* not reaped yet, so no other process has its pid or group */
        }
        waitpid(info.si_pid, NULL, WNOHANG);
    }
}
