/* Runs in the supervisor: forks the workers. It is the one place that does. */
#include <errno.h>
#include <sys/types.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/descriptor.h"
#include "supervisor/supervisor.h"

static noreturn void become_worker(struct supervisor *supervisor, int place, uint32_t life,
                                   int parent)
{
    struct pool__launch ends = *supervisor->launch;
    pool__close(&supervisor->signals);
    pool__close(&ends.control);
    pool__close(&ends.host_pidfd);
    pool__worker_main(supervisor->launch, place, life, parent);
}

/* Makes the slot ready for a new process: a successor, or a worker that works at once. */
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
    prepare_slot(pool__slot_of(supervisor, place, life), successor);
    int pid = fork();
    if (pid < 0) {
        int error = supervisor->fork_error = -errno;
        atomic_store(&pool__slot_of(supervisor, place, life)->wake_state, POOL__VACANT);
        pool__roster_unborn(&supervisor->roster, pool__now());
        return error;
    }
    if (pid == 0)
        become_worker(supervisor, place, life, self);
    setpgid(pid, pid); /* the worker does it too, so it is done whichever process runs first */
    pool__roster_born(&supervisor->roster, place, successor, pid, pool__now());
    return 0;
}

int pool__fill_vacancies(struct supervisor *supervisor)
{
    int place, error = 0;
    bool successor;
    while (!error &&
           (place = pool__roster_vacancy(&supervisor->roster, pool__now(), &successor)) >= 0)
        error = fork_worker(supervisor, place, successor);
    return error;
}
