/* Runs in the test program and in the hosts it forks. */
#include "support/subhost.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/world.h"

enum { SKIPPED = 77, SOON = 2000 };

/* Signals that cmocka catches in the test program must kill a host. */
static void reset_signals(void)
{
    static const int caught[] = {SIGFPE, SIGILL, SIGSEGV, SIGBUS, SIGSYS, SIGALRM};
    for (size_t i = 0; i < sizeof caught / sizeof caught[0]; i++)
        signal(caught[i], SIG_DFL);
}

static _Noreturn void live(subhost_body_t body, void *argument, pid_t test)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != test)
        _exit(1);
    reset_signals();
    body(argument);
    _exit(0);
}

pid_t subhost_start(subhost_body_t body, void *argument)
{
    pid_t test = getpid();
    fflush(NULL);
    pid_t host = fork();
    assert_true(host >= 0);
    if (host == 0)
        live(body, argument, test);
    return host;
}

int subhost_wait(pid_t host)
{
    int status = 0;
    while (waitpid(host, &status, 0) < 0)
        assert_int_equal(errno, EINTR);
    return status;
}

void subhost_passes(subhost_body_t body, void *argument)
{
    world_expect_orphans();
    int status = subhost_wait(subhost_start(body, argument));
    if (WIFSIGNALED(status))
        fail_msg("the host was killed by signal %d", WTERMSIG(status));
    assert_true(world_empties(SOON));
    if (WEXITSTATUS(status) == SKIPPED)
        skip();
    assert_int_equal(WEXITSTATUS(status), 0);
}

pool_t *subhost_pool(int processes, int grace)
{
    pool_t *pool;
    pool_options_t options = {.processes = processes, .grace = grace};
    SUBHOST_EQUAL(pool_create(&pool, &options), 0);
    return pool;
}

void subhost_fail(const char *file, int line, const char *what)
{
    fprintf(stderr, "%s:%d: in the host: %s\n", file, line, what);
    fflush(stderr);
    _exit(1);
}

void subhost_equal(const char *file, int line, const char *what, long long is, long long should)
{
    if (is == should)
        return;
    fprintf(stderr, "%s:%d: in the host: %s is %lld, should be %lld\n", file, line, what, is,
            should);
    fflush(stderr);
    _exit(1);
}

void subhost_skip(const char *why)
{
    fprintf(stderr, "skipped: %s\n", why);
    fflush(stderr);
    _exit(SKIPPED);
}
