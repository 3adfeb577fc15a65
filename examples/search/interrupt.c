#define _POSIX_C_SOURCE 200809L
#include "interrupt.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>

static pool_t *interrupted; /* by the handler; written while SIGINT has another one */
static atomic_bool came;
static bool catching;
static struct sigaction before;

static void on_sigint(int signal)
{
    (void)signal;
    atomic_store(&came, true);
    if (interrupted)
        pool_interrupt(interrupted);
}

void interrupt_catch(pool_t *pool)
{
    struct sigaction action = {.sa_handler = on_sigint, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    interrupted = pool;
    catching = sigaction(SIGINT, &action, &before) == 0;
}

void interrupt_restore(void)
{
    if (catching)
        sigaction(SIGINT, &before, NULL);
    catching = false;
}

bool interrupt_came(void)
{
    return atomic_load(&came);
}
