/* Runs in a worker, in a signal handler: writes the crash report. Nothing here allocates or locks.
 * The handler has a stack of its own, since the usual stack may have overflowed. It runs only once:
 * then the signal kills the worker as if it had not been caught, so the wait status names that
 * signal. */
#include "worker/crash.h"

#include <signal.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <unistd.h>

static const int watched[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE};

static struct {
    struct pool__slot *slot;
    uintptr_t stack_low, stack_high;
    alignas(16) unsigned char stack[16384];
} crash;

static void report(int signal, siginfo_t *info, void *context)
{
    (void)context;
    uintptr_t address = (uintptr_t)info->si_addr;
    bool sent = info->si_code <= 0; /* by kill() or the like: it has no address */
    crash.slot->address = sent ? 0 : address;
    crash.slot->overflow = !sent && address >= crash.stack_low && address < crash.stack_high;
    if (!sent)
        atomic_store(&crash.slot->signal, signal);
    else
        kill(getpid(),
             signal); /* a fault comes again when the handler returns; a sent signal does not */
}

/* Finds the addresses at which a fault means that the stack has overflowed: from here down to the
 * stack's limit, and as far below it as a large frame may reach. An access in between faults only
 * if the stack ends there. */
static void find_stack(void)
{
    enum { DEFAULT_LIMIT = 8 << 20, FRAME = 1 << 20 };
    struct rlimit limit;
    uintptr_t here = (uintptr_t)__builtin_frame_address(0), reach = DEFAULT_LIMIT;
    if (getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        reach = limit.rlim_cur;
    reach += FRAME;
    crash.stack_high = here;
    crash.stack_low = here > reach ? here - reach : 0;
}

void pool__crash_watch(struct pool__slot *slot)
{
    stack_t stack = {.ss_sp = crash.stack, .ss_size = sizeof crash.stack};
    struct sigaction action = {.sa_sigaction = report,
                               .sa_flags = SA_SIGINFO | SA_ONSTACK | (int)SA_RESETHAND};
    crash.slot = slot;
    find_stack();
    sigaltstack(&stack, NULL);
    for (size_t i = 0; i < sizeof watched / sizeof watched[0]; i++)
        sigaction(watched[i], &action, NULL);
}
