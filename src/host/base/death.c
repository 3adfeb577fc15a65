/* Runs in the host. Pure: turns numbers into texts and errors. */
#include "host/base/death.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

const char *pool__signal_name(int signal, char *text, size_t size)
{
    const char *abbreviation = sigabbrev_np(signal);
    if (abbreviation)
        snprintf(text, size, "SIG%s", abbreviation);
    else if (signal >= SIGRTMIN && signal <= SIGRTMAX)
        snprintf(text, size, "SIGRTMIN+%d", signal - SIGRTMIN);
    else
        snprintf(text, size, "signal %d", signal);
    return text;
}

void pool__describe_status(char *text, size_t size, int status)
{
    char name[32];
    if (WIFSIGNALED(status))
        snprintf(text, size, "killed by %s",
                 pool__signal_name(WTERMSIG(status), name, sizeof name));
    else
        snprintf(text, size, "exited with status %d", WEXITSTATUS(status));
}

pool_error_t pool__death_error(int status)
{
    bool crashed = WIFSIGNALED(status);
    return (pool_error_t){.kind = crashed ? POOL_CRASHED : POOL_EXITED,
                          .code = crashed ? WTERMSIG(status) : WEXITSTATUS(status),
                          .message = "",
                          .worker = -1,
                          .attempt = 1};
}
