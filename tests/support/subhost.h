/* Hosts that a test forks: to be killed, to have closed streams or lower limits, or to run out of
 * something.
 *
 * The body of a host uses SUBHOST_CHECK(), not the asserts of cmocka. A failed assert would go on
 * with the next test in the host. */
#ifndef SUPPORT_SUBHOST_H
#define SUPPORT_SUBHOST_H

#include <stdbool.h>
#include <sys/types.h>

#include <procpool.h>

typedef void (*subhost_body_t)(void *argument);

/* Forks a process that runs `body` and ends. It is a host, or a helper that kills or wakes processes
 * while the test program waits for its pool. It is killed when the test program ends. */
pid_t subhost_start(subhost_body_t body, void *argument);

/* Waits until the process has ended. Returns its status, as waitpid() gives it. */
int subhost_wait(pid_t host);

/* Runs `body` in a host. Asserts that the host exits with status 0, and that all processes which it started
 * have ended two stretched seconds later. */
void subhost_passes(subhost_body_t body, void *argument);

/* Makes a pool in a host; a `grace` of 0 is the default one. Ends the host with status 1 if that fails. */
pool_t *subhost_pool(int processes, int grace);

/* Ends the host with status 1, and prints the condition, unless it holds. */
#define SUBHOST_CHECK(condition)                                                                   \
    do {                                                                                           \
        if (!(condition))                                                                          \
            subhost_fail(__FILE__, __LINE__, #condition);                                          \
    } while (0)

/* Ends the host with status 1, and prints both numbers, unless they are equal. */
#define SUBHOST_EQUAL(is, should) subhost_equal(__FILE__, __LINE__, #is, (is), (should))

_Noreturn void subhost_fail(const char *file, int line, const char *what);
void subhost_equal(const char *file, int line, const char *what, long long is, long long should);

/* Ends the host, and prints why its test cannot be made here; subhost_passes() skips the test then. */
_Noreturn void subhost_skip(const char *why);

#endif
