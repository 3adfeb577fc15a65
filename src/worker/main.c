/* Runs in a worker: its start, its loop and its end. A worker has no event loop; it blocks while
 * there is no work. It leaves only by _exit(): the exit handlers that the host registered, and the
 * bytes that it left in stdio buffers, belong to the host. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/nesting.h"
#include "worker/bell.h"
#include "worker/crash.h"
#include "worker/limits.h"
#include "worker/port/port.h"
#include "worker/run.h"
#include "worker/self.h"
#include "worker/start.h"

static void start(struct worker *worker)
{
    uint64_t none = 0, born = pool__now();
    pool__start_process(worker);
    pool__bell_init(&worker->host_bell, worker->launch->result_write);
    pool__crash_watch(worker->slot);
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, sizeof none);
    pool__start_initializer(worker);
    atomic_store(&worker->slot->ready, worker->life);
    atomic_fetch_add(&worker->writable->commits, 1);
    pool__wake_host(worker, false);
    uint64_t ready = pool__now();
    pool__wait_to_succeed(worker);
    pool__limits_begin(worker, ready - born);
}

/* Ends the worker. `idle`: the supervisor does not replace it until there is work. Else it does, if
 * the number is still in use. */
static noreturn void leave(struct worker *worker, bool idle)
{
    pool_finalizer_t finalizer = worker->launch->options.finalizer;
    errno = 0;
    if (finalizer)
        finalizer(worker->task.state);
    fflush(stdout);
    if (idle)
        atomic_store(&worker->slot->left_idle, worker->life);
    _exit(0);
}

/* Ends the process when a function has ended the thread that runs it, by pthread_exit() or because
 * another thread has cancelled it: the process would live on with its other threads, and never
 * commit. The worker's stack is a copy of the host's. This handler comes before those that the
 * host's thread had pushed, which are not for the worker. */
static void exit_with_thread(void *unused)
{
    (void)unused;
    fflush(stdout);
    _exit(0);
}

static noreturn void work(struct worker *worker)
{
    start(worker);
    for (;;) {
        uint32_t chunk, generation;
        while (!pool__superfluous(worker) && pool__claim_next(worker, &chunk, &generation)) {
            pool__run_chunk(worker, chunk, generation);
            pool__commit_chunk(worker, chunk, generation);
            worker->idle_since = 0;
            if (worker->limits.over)
                leave(worker, false);
        }
        if (pool__superfluous(worker)) /* asked again: the pool may have grown since */
            leave(worker, false);
        if (pool__dismissed(worker))
            leave(worker, true);
        pool__rest(worker);
    }
}

noreturn void pool__worker_main(const struct pool__launch *launch, int number, uint32_t life,
                                int supervisor)
{
    static struct worker worker; /* static, so that it is zeroed; each process has its own copy */
    pool__share_enter(launch->depth, number < launch->options.processes ? launch->share : 0);
    pool__worker_init(&worker, launch, number, life);
    worker.hand_over = pool__hand_over;
    worker.supervisor = supervisor;
    pthread_cleanup_push(exit_with_thread, NULL);
    work(&worker);
    pthread_cleanup_pop(0);
}
